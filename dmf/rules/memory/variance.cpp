#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Variance final : public WeightingRule {
 public:
  RuleNeeds needs() const override { return {.full_history = true}; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> variances;
    for (std::size_t k = 0; k < signals.history.losses(); ++k) {
      variances.push_back(variance(normalised(signals.history.of(k))));  // (3)
    }
    return normalised_to_one(std::move(variances));  // (4)
  }
};

}  // namespace

/// Weights proportional to the variance of each normalised history, equations (3) and (4): a loss
/// that still moves gets more. Uniform where no history varies.
RuleEntry variance_rule() {
  return {"variance",
          "a loss that still moves gets more, eq. (3), (4)",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Variance>();
          }};
}

}  // namespace dmf
