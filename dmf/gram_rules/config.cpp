#include <cmath>
#include <numeric>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class ConFig final : public GramRule {
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const std::vector<std::size_t> losses = with_gradient(gram);
    const Gram own = part_of(gram, losses);
    Weights a = pseudo_inverse_times(cosines(own), Weights(losses.size(), 1.0));
    for (std::size_t k = 0; k < a.size(); ++k) a[k] /= own.norm(k);
    const Weights along = times(own, a);
    const double squared = dot(a, along);  // of the direction, before its length is set
    Weights w(gram.losses(), 0.0);
    constexpr double kLeast = 1e-12;
    if (!(squared > kLeast)) return w;
    const double length = std::accumulate(along.begin(), along.end(), 0.0) / squared;
    for (std::size_t k = 0; k < a.size(); ++k) w[losses[k]] = length * a[k];
    return w;
  }
};

}  // namespace

/// ConFIG, conflict-free inverse gradients: the direction that has the same cosine with every
/// gradient, as long as the gradients' projections on it together. From the cosines C alone,
///
///   a = C^+ 1 / |g|    w = a (sum_k (G a)_k) / (a^T G a)
///
/// Weights can be zero or negative. A loss without a gradient gets 0; all do where the direction is 0,
/// as for two that oppose each other.
///
/// source  Liu, Chu & Thuerey, "ConFIG", ICLR 2025
RuleEntry config_rule() {
  return {"config",
          "the same cosine with every gradient",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<ConFig>();
          }};
}

}  // namespace dmf
