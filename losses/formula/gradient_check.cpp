#include "losses/formula/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "engine/ops/softmax.h"

namespace dmf {
namespace {

constexpr Index kGroups = 2;
constexpr std::size_t kTp = 0, kFn = 2;  // among Sums::values
constexpr double kStep = 6e-6;           // of differences: the cube root of the precision
constexpr double kRelative = 1e-5, kAbsolute = 1e-9;  // of a slope; of the loss's value

/// Sums of pixels, as leaves.
struct Sums {
  std::vector<Tensor<double>> values;  // TP, FP, FN [G, C], then each cross-entropy [G]
  Tensor<double> pixels;
  EachPixel<double> each_pixel =
      {};  // constants: the losses that ask for it are checked by themselves

  Variable<double> loss(const Loss<double>& of, std::vector<Variable<double>>* leaves) const {
    std::vector<Variable<double>> all;
    for (const Tensor<double>& value : values) all.emplace_back(value, leaves != nullptr);
    if (leaves != nullptr) *leaves = all;
    return of.from({{all[0], all[1], all[2]}, std::span(all).subspan(3), pixels, each_pixel});
  }
  double value(const Loss<double>& of) const { return loss(of, nullptr).value().item(); }
};

/// A few pixels that a network is not sure of.
EachPixel<double> drawn_pixels(Index classes, Rng& rng) {
  const Shape shape{kGroups, 4, 4, classes};
  Tensor<double> logits(shape);
  Tensor<std::int32_t> labels(Shape{kGroups, 4, 4});
  for (double& z : logits.span()) z = rng.normal();
  for (std::int32_t& label : labels.span()) {
    label = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(classes)));
  }
  const Variable<double> z(logits);
  return {log_softmax(z), softmax(z), Labels(labels, classes)};
}

/// absent  whether no pixel has the last class
Sums drawn(Index classes, const LossNeeds& needs, bool absent) {
  Rng rng(20260301);
  const Shape shape{kGroups, classes};
  Sums sums{{Tensor<double>(shape), Tensor<double>(shape), Tensor<double>(shape)},
            Tensor<double>(shape)};
  for (Index i = 0; i < shape.numel(); ++i) {
    const bool none = absent && i % classes == classes - 1;
    const double n = none ? 0.0 : static_cast<double>(20 + rng.below(40));
    const double right = n * rng.uniform(0.2, 0.8);
    sums.pixels.data()[i] = n;
    sums.values[0].data()[i] = right;
    sums.values[1].data()[i] = rng.uniform(2.0, 30.0);
    sums.values[2].data()[i] = n - right;
  }
  for (std::size_t j = 0; j < needs.terms.size(); ++j) {
    Tensor<double> term(Shape{kGroups});
    for (Index g = 0; g < kGroups; ++g) term.data()[g] = rng.uniform(0.1, 2.0);
    sums.values.push_back(term);
  }
  if (needs.each_pixel) sums.each_pixel = drawn_pixels(classes, rng);
  return sums;
}

std::string text(double value) {
  return std::isfinite(value) ? fmt::format("{:.6g}", value)
         : std::isnan(value)  ? "nan"
         : value > 0.0        ? "inf"
                              : "-inf";
}

/// Of value and gradient, which are returned.
std::vector<Tensor<double>> finite_gradients(const Loss<double>& loss, const Sums& sums,
                                             const char* where) {
  std::vector<Variable<double>> leaves;
  const Variable<double> value = sums.loss(loss, &leaves);
  const auto require = [&](double number, const char* what) {
    DMF_CHECK(
        std::isfinite(number), ValueError,
        "[loss] '{}': {} is {}{}: expected a finite number. Add one to what it divides by, or "
        "takes the logarithm of.",
        loss.name(), what, text(number), where);
  };
  require(value.value().item(), "its value");
  value.backward();
  std::vector<Tensor<double>> gradients;
  for (const Variable<double>& leaf : leaves) {
    gradients.push_back(leaf.grad().defined() ? leaf.grad() : Tensor<double>::zeros(leaf.shape()));
    for (const double slope : gradients.back().span()) require(slope, "its gradient");
  }
  return gradients;
}

/// How far a slope is from those of the two sides; not finite where they are not.
double deviation(double slope, double below, double above) {
  const double least = std::min(below, above), most = std::max(below, above);
  if (!std::isfinite(most - least)) return std::numeric_limits<double>::quiet_NaN();
  return std::max({least - slope, slope - most, 0.0});
}

}  // namespace

void require_gradient(const Loss<double>& loss, Index classes) {
  const LossNeeds needs = loss.needs(classes);
  const Sums sums = drawn(classes, needs, false);
  const std::vector<Tensor<double>> gradients = finite_gradients(loss, sums, "");
  finite_gradients(loss, drawn(classes, needs, true), " where a class is absent from the labels");
  const double value = sums.value(loss);
  double largest = 0.0, steepest = 0.0;
  std::string of_largest;
  for (std::size_t s = 0; s < gradients.size(); ++s) {
    if (s == kFn) continue;  // goes with TP: together they are the pixels of a class
    for (Index i = 0; i < gradients[s].numel(); ++i) {
      const double at = sums.values[s].data()[i];
      const double h = kStep * std::max(1.0, at);
      const double before = s == kTp ? sums.values[kFn].data()[i] : 0.0;
      const auto moved = [&](double step) {
        sums.values[s].data()[i] = at + step;
        if (s == kTp) sums.values[kFn].data()[i] = before - step;
        return sums.value(loss);
      };
      const double above = (moved(h) - value) / h, below = (value - moved(-h)) / h;
      moved(0.0);
      const double slope = gradients[s].data()[i] - (s == kTp ? gradients[kFn].data()[i] : 0.0);
      steepest = std::max(steepest, std::abs(slope));
      const double off = deviation(slope, below, above);
      const double allowed = kRelative * std::max(std::abs(slope), std::abs(above)) +
                             kAbsolute * (1.0 + std::abs(value));
      if (off <= allowed || off <= largest) continue;
      largest = off;
      of_largest = fmt::format("{}, expected {} to {}", text(slope), text(std::min(below, above)),
                               text(std::max(below, above)));
    }
  }
  DMF_CHECK(of_largest.empty(), ValueError,
            "[loss] '{}': its gradient differs by {} from differences of its values: got {}.",
            loss.name(), text(largest), of_largest);
  DMF_CHECK(steepest > 0.0, ValueError,
            "[loss] '{}': its gradient is 0: expected a loss that something can be learnt from.",
            loss.name());
}

}  // namespace dmf
