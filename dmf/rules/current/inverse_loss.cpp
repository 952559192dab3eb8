#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class InverseLoss final : public WeightingRule {
 public:
  RuleNeeds needs() const override { return {.least_history = 1}; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> w = positive_losses(signals.history, "inverse_loss");
    for (double& value : w) value = 1.0 / value;
    return normalised_to_one(std::move(w));
  }
};

}  // namespace

/// Weights inverse to the losses, so that all count alike in the objective:
///
///   w_k = (1 / L_k) / sum_j (1 / L_j)
///
/// gls scaled to sum 1. A loss below 1e-8 weighs as one of 1e-8; a negative one is an error.
RuleEntry inverse_loss_rule() {
  return {"inverse_loss",
          "all losses count alike",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<InverseLoss>();
          }};
}

}  // namespace dmf
