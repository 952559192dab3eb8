#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "tests/support/needs.h"

// A suite that fails in the way SAMPLE says, for tally_test.sh.

namespace {

std::string sample() {
  const char* value = std::getenv("SAMPLE");
  return value == nullptr ? "" : value;
}

}  // namespace

TEST_CASE("sample: a first one passes") {
  CHECK(true);
}

TEST_CASE("sample: needs a package" * dmf::needs(false, "built without a 'package' & more")) {
  CHECK(false);
}

TEST_CASE("sample: the one in the middle does what SAMPLE says") {
  if (sample() == "crash") std::raise(SIGSEGV);
  if (sample() == "exit") std::_Exit(0);
  CHECK(sample() != "fail");
}

TEST_CASE("sample: a last one passes") {
  CHECK(true);
}
