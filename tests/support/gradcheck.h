#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/autograd/variable.h"

namespace dmf {

struct GradcheckOptions {
  double relative = 1e-6;  // of max(|analytic|, |numeric|); 1e-5 for whole networks
  double absolute = 1e-8;
};

struct GradcheckResult {
  Index checked = 0, excluded = 0;
  std::string failure;       // empty when all agree; else the op, input, index, analytic, numeric
  Tensor<double> cotangent;  // r, below
  // What was compared, of each input, for who wants to see it: undefined where it requires no
  // gradient; numeric ones are NaN where an element was excluded, or not reached before a failure.
  std::vector<Tensor<double>> analytic, numeric;
};

/// Compares backward() with central differences, in double.
///
/// With a random cotangent r, the gradient of sum(r * f(inputs)) is taken once by backward() and
/// once by f(x + h) - f(x - h) over 2h for every element of every input that requires a gradient,
/// h = cbrt(epsilon) * max(1, |x|). An element whose step flips a ReLU mask or the winner of a
/// pooling window (Node::append_branches) is excluded and counted. A second backward() from a fresh
/// graph must double the gradients (gradients accumulate). More than 2 % of excluded elements is a
/// failure.
GradcheckResult gradcheck(const std::string& name, std::vector<Variable<double>>& inputs,
                          const std::function<Variable<double>()>& f,
                          const GradcheckOptions& options = {});

}  // namespace dmf
