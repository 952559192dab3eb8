#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/choice.h"
#include "engine/io/atomic_file.h"
#include "engine/optim/optimizers.h"
#include "layers/networks.h"
#include "losses/registry.h"

// What README says of the tables that things are chosen from is made of the tables: `./dev docs` has
// this test write it, and everywhere else it compares.

namespace dmf {
namespace {

constexpr const char* kReadme = DMF_SOURCES "/README.md";

std::string with_commas(Index number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

template <class Table>
std::string line(const std::string& what, const Table& table) {
  std::string text;
  for (const std::string& name : names_of(table)) text += (text.empty() ? "`" : ", `") + name + "`";
  return "- " + what + ": " + text + "\n";
}

std::string choices() {
  std::string text;
  for (const NetworkEntry& network : networks()) {
    const Index count = parameter_count(network_spec(network.name));
    text += std::string(text.empty() ? "" : ", ") + "`" + std::string(network.name) + "` (" +
            with_commas(count) + " parameters)";
  }
  return "- Networks (`--model`): " + text + "\n" +
         line("Losses (`--losses`, `--auxiliary`)", losses()) +
         line("Weighting (`--weighting`)", weighting_rules()) +
         line("Optimisers (`--optimizer`)", optimizers());
}

}  // namespace

TEST_CASE("README: has every network, loss, weighting rule and optimiser from their tables") {
  std::ifstream file(kReadme);
  std::ostringstream read;
  read << file.rdbuf();
  std::string readme = read.str();
  const std::string begin = "<!-- choices are generated -->\n", end = "<!-- end -->";
  const std::size_t first = readme.find(begin);
  REQUIRE(first != std::string::npos);
  const std::size_t from = first + begin.size(), to = readme.find(end, from);
  REQUIRE(to != std::string::npos);
  const bool is_current = readme.substr(from, to - from) == choices();
  if (std::getenv("DMF_WRITE_DOCS") == nullptr) {
    CHECK_MESSAGE(is_current, "README.md is older than the tables: ./dev docs writes it anew");
  } else if (!is_current) {
    write_file_atomically(kReadme, readme.replace(from, to - from, choices()));
  }
}

}  // namespace dmf
