#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/autograd/variable.h"
#include "engine/core/rng.h"

namespace dmf {

/// One named case of one op, for the gradient check: makes inputs from a seed and computes y.
struct OpCase {
  Op op;
  std::string name;  // "same padding, stride 2, odd width"
  std::function<std::vector<Variable<double>>(Rng&)> inputs;
  std::function<Variable<double>(const std::vector<Variable<double>>&)> forward;
};

/// Every case there is. A new op adds its cases in tests/cases; the suite fails for an op without.
std::vector<OpCase> all_op_cases();

}  // namespace dmf
