#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/autograd/variable.h"
#include "engine/core/rng.h"

namespace dmf {

/// One named case of one op: makes inputs from a seed, on the CPU, and computes y where they are.
/// Written once, it is a gradient check (gradcheck_test.cpp) and a comparison of every device's
/// kernels with the plain ones (kernel_parity_test.cpp).
struct OpCase {
  Op op;
  std::string name;  // "same padding, stride 2, odd width"
  std::function<std::vector<Variable<double>>(Rng&)> inputs;
  std::function<Variable<double>(const std::vector<Variable<double>>&)> forward;

  /// "conv2d: same padding, stride 2, odd width"
  std::string str() const { return std::string(op_name(op)) + ": " + name; }
  std::vector<Variable<double>> inputs_on(Device device, Rng& rng) const {
    std::vector<Variable<double>> there;
    for (const Variable<double>& input : inputs(rng)) {
      there.emplace_back(input.value().to(device), true);
    }
    return there;
  }
};

/// Every case there is. A new op adds its cases in op_cases.cpp; the suite fails for an op without.
std::vector<OpCase> all_op_cases();

}  // namespace dmf
