#include <cmath>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

/// argmin over the simplex of w^T G g + phi sqrt(w^T G w), g the mean gradient, as far as the second
/// root is at least `least`; else empty. With sqrt(q) = min over r of (q / r + r) / 2 it is, for every
/// r, the shortest vector in the hull of the gradients moved by g r / phi; r is found by bisection,
/// where it is that vector's own length before the move.
Weights minimum(const Gram& gram, double phi, double least) {
  const std::size_t K = gram.losses();
  const Weights mean(K, 1.0 / static_cast<double>(K));
  const Weights along = times(gram, mean);
  const double squared = dot(mean, along);
  const auto solved = [&](double r) {
    const double move = r / phi;
    Gram moved(K);
    for (std::size_t i = 0; i < K; ++i) {
      for (std::size_t j = 0; j < K; ++j) {
        moved(i, j) = gram(i, j) + move * (along[i] + along[j]) + move * move * squared;
      }
    }
    return shortest_in_hull(moved);
  };
  const auto length = [&](const Weights& w) { return std::sqrt(squared_length(gram, w)); };
  double low = least, high = 1.0;  // no gradient is longer: the trace is 1
  if (length(solved(low)) < low) return {};
  for (double middle = 0.5 * (low + high); middle > low && middle < high;
       middle = 0.5 * (low + high)) {
    (length(solved(middle)) < middle ? high : low) = middle;
  }
  return solved(low);
}

class CaGrad final : public GramRule {
 public:
  CaGrad(double c, std::int64_t rescale)
      : c_(c),
        divisor_(rescale == 1   ? 1.0 + c * c
                 : rescale == 2 ? 1.0 + c
                                : 1.0) {}

 private:
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    constexpr double kLeast = 1e-4;  // TorchJD's, of gradients whose squares sum to 1
    const Gram unit = scaled(gram, 1.0 / trace(gram));
    const std::size_t K = gram.losses();
    Weights w(K, 1.0 / static_cast<double>(K));
    if (c_ == 0.0) return w;  // whose divisor is 1
    const double phi = c_ * std::sqrt(squared_length(unit, w));
    const Weights worst = phi > 0.0 ? minimum(unit, phi, kLeast) : Weights();
    if (worst.empty()) return Weights(K, 0.0);
    const double factor = phi / std::sqrt(squared_length(unit, worst));
    for (std::size_t k = 0; k < K; ++k) w[k] = (w[k] + factor * worst[k]) / divisor_;
    return w;
  }

  double c_, divisor_;
};

}  // namespace

/// Conflict-averse gradient descent: the direction around the mean gradient g that lowers the worst
/// loss most.
///
///   v = argmin over the simplex of (sum_k v_k g_k) . g + c |g| |sum_k v_k g_k|
///   w_k = (1 / K + c |g| / |sum_j v_j g_j| v_k) / r
///
/// with r 1, or, so that a larger c makes no longer steps, 1 + c^2 or 1 + c (cagrad-rescale 1 and 2).
/// All 0 where that sum's length is below 1e-4, of gradients whose squared lengths sum to 1, or g is
/// 0: no direction lowers all. c = 0 is the mean.
///
/// source  Liu et al., "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021, as
///         TorchJD has it; the rescaling as LibMTL has it, whose own default is 1
RuleEntry cagrad_rule() {
  return {"cagrad",
          "around the mean gradient, the worst loss's fall",
          {{"cagrad-c", 0.5, "How far from the mean gradient, in its lengths", kAtLeastZero},
           {"cagrad-rescale",
            std::int64_t{0},
            "Divides the weights: 0: by nothing, 1: by 1 + c^2, 2: by 1 + c",
            {.least = 0.0, .most = 2.0}}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<CaGrad>(s.number("cagrad-c"), s.whole("cagrad-rescale"));
          }};
}

}  // namespace dmf
