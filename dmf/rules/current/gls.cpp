#include <cmath>

#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Gls final : public WeightingRule {
 public:
  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> logs = positive_losses(signals.history, "gls");
    const double count = static_cast<double>(logs.size());
    double mean = 0.0;
    for (double& value : logs) {
      value = std::log(value);
      mean += value / count;
    }
    for (double& value : logs) value = std::exp(mean - value) / count;
    return logs;
  }
};

}  // namespace

/// Geometric loss strategy: the objective is the losses' geometric mean, whose derivatives are the
/// weights, so each loss counts by its relative change.
///
///   w_k = (prod_j L_j)^(1/K) / (K L_k)
///
/// A loss below 1e-8 weighs as one of 1e-8; a negative one is an error.
///
/// source  Chennupati et al., "MultiNet++", CVPR Workshops 2019
RuleEntry gls_rule() {
  return {"gls",
          "the geometric mean of the losses",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Gls>();
          }};
}

}  // namespace dmf
