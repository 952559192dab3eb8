#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class FairGrad final : public GramRule {
 public:
  explicit FairGrad(double alpha) : alpha_(alpha) {}

 private:
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    return solve_power(gram, 1.0 / alpha_);
  }

  double alpha_;
};

}  // namespace

/// FairGrad: the direction of alpha-fair falls of the losses.
///
///   G w = w^(-1 / alpha), w > 0
///
/// alpha 1 is nash before its norms; the larger, the more the least fall counts. A loss without a
/// gradient gets 0; all do where no direction lowers all.
///
/// source  Ban & Ji, "Fair Resource Allocation in Multi-Task Learning", ICML 2024; alpha as LibMTL's
RuleEntry fairgrad_rule() {
  return {"fairgrad",
          "alpha-fair falls of the losses",
          {{"fairgrad-alpha", 1.0, "Its fairness", kAboveZero}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<FairGrad>(s.number("fairgrad-alpha"));
          }};
}

}  // namespace dmf
