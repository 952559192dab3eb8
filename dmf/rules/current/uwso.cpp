#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class UwSo final : public WeightingRule {
 public:
  explicit UwSo(double temperature) : temperature_(temperature) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> w = positive_losses(signals.history, "uwso");
    for (double& value : w) value = 1.0 / value / temperature_;
    return softmax(std::move(w));
  }

 private:
  double temperature_;
};

}  // namespace

/// Soft optimal uncertainty weighting (UW-SO): the weights that uncertainty weighting would end at,
/// in closed form, through a softmax.
///
///   w = softmax(1 / L / T)
///
/// Its authors tune T for each task. A loss below 1e-8 weighs as one of 1e-8; a negative one is an
/// error.
///
/// source  Kirchdorfer et al., "Analytical Uncertainty-Based Loss Weighting", arXiv:2408.07985
RuleEntry uwso_rule() {
  return {"uwso",
          "a softmax of the inverse losses",
          {{"uwso-temperature", 1.0, "Of its softmax; to be tuned", kAboveZero}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<UwSo>(s.number("uwso-temperature"));
          }};
}

}  // namespace dmf
