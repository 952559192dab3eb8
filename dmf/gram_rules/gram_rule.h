#pragma once

#include "dmf/gram_rules/solvers.h"
#include "dmf/weighting_rule.h"

namespace dmf {

/// What rules on a step's Gram matrix have in common. Where every gradient is 0 all weights are: the
/// rule is only told of the step.
class GramRule : public WeightingRule {
 public:
  RuleNeeds needs() const override {
    return {.least_history = reads_losses() ? 1u : 0u, .gradients = true};
  }
  bool sums_to_one() const override { return false; }
  std::vector<double> weights(const Signals& signals) final {
    const Gram& gram = *signals.gradients;
    if (with_gradient(gram).empty()) {
      pass(gram.losses());
      return Weights(gram.losses(), 0.0);
    }
    return weights(gram, signals.history.latest());
  }

 private:
  /// Whether the losses' values bear on the weights too.
  virtual bool reads_losses() const { return false; }
  /// A step without any gradient, of a rule that counts steps.
  virtual void pass(std::size_t) {}
  /// gram    at least one gradient is not 0
  /// losses  this step's values
  virtual Weights weights(const Gram& gram, const std::vector<double>& losses) = 0;
};

}  // namespace dmf
