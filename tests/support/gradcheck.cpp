#include "tests/support/gradcheck.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "engine/core/rng.h"

namespace dmf {
namespace {

double dot(const Tensor<double>& a, const Tensor<double>& b) {
  double sum = 0.0;
  for (Index i = 0; i < a.numel(); ++i) sum += a.data()[i] * b.data()[i];
  return sum;
}

/// The discrete choices of every node that y was computed by, in a fixed order.
std::vector<std::uint8_t> branches_of(const Variable<double>& y) {
  std::vector<std::uint8_t> branches;
  std::vector<const GradSlot<double>*> stack = {y.slot().get()};
  std::set<const GradSlot<double>*> seen;
  while (!stack.empty()) {
    const GradSlot<double>* slot = stack.back();
    stack.pop_back();
    if (slot->producer == nullptr || !seen.insert(slot).second) continue;
    slot->producer->append_branches(branches);
    for (const auto& input : slot->producer->inputs()) stack.push_back(input.get());
  }
  return branches;
}

std::string unflattened(const Shape& shape, Index flat) {
  std::vector<Index> index(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<std::size_t>(axis)] = flat % shape[axis];
    flat /= shape[axis];
  }
  return fmt::format("[{}]", fmt::join(index, ", "));
}

}  // namespace

GradcheckResult gradcheck(const std::string& name, std::vector<Variable<double>>& inputs,
                          const std::function<Variable<double>()>& f,
                          const GradcheckOptions& options) {
  GradcheckResult result;
  Variable<double> y = f();
  result.cotangent = Tensor<double>(y.shape());
  const Tensor<double>& cotangent = result.cotangent;
  Rng rng(0xc07a);
  for (double& r : cotangent.span()) r = rng.uniform(-1.0, 1.0);
  for (const Variable<double>& input : inputs) input.zero_grad();
  y.backward(cotangent.to(y.device()), RetainGraph::yes);  // its branches are read below
  std::vector<Tensor<double>>& analytic = result.analytic;
  for (const Variable<double>& input : inputs) {
    if (!input.requires_grad()) {
      analytic.emplace_back();
      result.numeric.emplace_back();
      continue;
    }
    if (!input.grad().defined()) {
      result.failure = fmt::format("{}: an input received no gradient", name);
      return result;
    }
    analytic.push_back(input.grad().clone());
    result.numeric.push_back(
        Tensor<double>::full(input.shape(), std::numeric_limits<double>::quiet_NaN()));
  }
  f().backward(cotangent.to(y.device()));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (Index i = 0; inputs[k].requires_grad() && i < analytic[k].numel(); ++i) {
      const double once = analytic[k].data()[i], twice = inputs[k].grad().data()[i];
      if (!(std::abs(twice - 2.0 * once) <= 1e-12 * std::max(1.0, std::abs(once)))) {
        result.failure =
            fmt::format("{}: input {} element {}: a second backward() gave {}, expected {}", name,
                        k, i, twice, 2.0 * once);
        return result;
      }
    }
  }

  struct Point {
    double value;
    std::vector<std::uint8_t> branches;
  };
  const auto evaluate = [&] {
    const Variable<double> at = f();
    return Point{dot(at.value(), cotangent), branches_of(at)};
  };
  const std::vector<std::uint8_t> branches = branches_of(y);
  const double step = std::cbrt(std::numeric_limits<double>::epsilon());
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].requires_grad()) continue;
    for (Index i = 0; i < analytic[k].numel(); ++i) {
      double& x = inputs[k].value().data()[i];
      const double before = x, h = step * std::max(1.0, std::abs(x));
      x = before + h;
      const Point up = evaluate();
      x = before - h;
      const Point down = evaluate();
      x = before;
      if (up.branches != branches || down.branches != branches) {
        ++result.excluded;
        continue;
      }
      ++result.checked;
      const double numeric = (up.value - down.value) / (2.0 * h), exact = analytic[k].data()[i];
      result.numeric[k].data()[i] = numeric;
      const double allowed =
          options.absolute + options.relative * std::max(std::abs(exact), std::abs(numeric));
      if (!(std::abs(exact - numeric) <= allowed)) {
        result.failure =
            fmt::format("{}: input {} element {} {}: analytic {:.12g}, numeric {:.12g}", name, k, i,
                        unflattened(inputs[k].shape(), i), exact, numeric);
        return result;
      }
    }
  }
  if (result.excluded * 50 > result.checked + result.excluded) {
    result.failure = fmt::format("{}: {} of {} elements lie at a kink: more than 2 %", name,
                                 result.excluded, result.checked + result.excluded);
  }
  return result;
}

}  // namespace dmf
