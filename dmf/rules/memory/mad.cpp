#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Mad final : public WeightingRule {
 public:
  RuleNeeds needs() const override { return {.full_history = true}; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> steadiness;
    for (std::size_t k = 0; k < signals.history.losses(); ++k) {
      const double mad = median_absolute_deviation(normalised(signals.history.of(k)));  // (5)
      steadiness.push_back(1.0 / (mad + kFusionEps));
    }
    return normalised_to_one(std::move(steadiness));  // (6)
  }
};

}  // namespace

/// Weights inversely proportional to the median absolute deviation, equations (5) and (6): a loss
/// that has become steady gets more.
RuleEntry mad_rule() {
  return {"mad",
          "a loss that has become steady gets more, eq. (5), (6)",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Mad>();
          }};
}

}  // namespace dmf
