#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/autograd/variable.h"

namespace dmf {

struct GradcheckOptions {
  double relative = 1e-6;  // of max(|analytic|, |numeric|); 1e-5 for whole networks
  double absolute = 1e-8;
  /// Where given, tells on which side of its kinks (ReLU masks, pooling maxima) a computation with
  /// the inputs as they now stand lies. An element whose two steps disagree with the middle is
  /// excluded and counted.
  std::function<std::vector<std::uint8_t>()> kinks = {};
};

struct GradcheckResult {
  Index checked = 0, excluded = 0;
  std::string failure;  // empty when all agree; else the op, input, index, analytic, numeric
};

/// Compares backward() with central differences, in double.
///
/// With a random cotangent r, the gradient of sum(r * f(inputs)) is taken once by backward() and
/// once by f(x + h) - f(x - h) over 2h for every element of every input that requires a gradient,
/// h = cbrt(epsilon) * max(1, |x|). A second backward() from a fresh graph must double the
/// gradients (gradients accumulate). More than 2 % of excluded elements is a failure.
GradcheckResult gradcheck(const std::string& name, std::vector<Variable<double>>& inputs,
                          const std::function<Variable<double>()>& f,
                          const GradcheckOptions& options = {});

}  // namespace dmf
