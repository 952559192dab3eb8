#pragma once

#include <doctest/doctest.h>

namespace dmf {

/// Skips a test case where the build lacks what it tests, and says why:
///
///   TEST_CASE("ONNX: the checker accepts it" * needs(DMF_WITH_ONNX, "built without libonnx-dev"))
///
/// there   what the build knows, or what the system itself can do, never which packages are
///         installed when the test runs
/// reason  printed with the case's name
class needs {
 public:
  needs(bool there, const char* reason) : there_(there), reason_(reason) {}

  void fill(doctest::detail::TestCase& test) const {
    if (there_) return;
    test.m_skip = true;
    test.m_description = reason_;
  }

 private:
  bool there_;
  const char* reason_;
};

}  // namespace dmf
