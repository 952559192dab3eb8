#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class PcGrad final : public GramRule {
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const std::size_t K = gram.losses();
    Weights w(K, 0.0);
    for (std::size_t i = 0; i < K; ++i) {
      Weights own(K, 0.0);  // loss i's gradient, in those of all
      own[i] = 1.0;
      for (std::size_t j = 0; j < K; ++j) {
        if (j == i || !(gram(j, j) > 0.0)) continue;
        double product = 0.0;
        for (std::size_t k = 0; k < K; ++k) product += gram(j, k) * own[k];
        if (product < 0.0) own[j] -= product / gram(j, j);
      }
      for (std::size_t k = 0; k < K; ++k) w[k] += own[k];
    }
    return w;
  }
};

}  // namespace

/// PCGrad, gradient surgery: from each gradient its part against another is taken away, one after the
/// other, in the losses' order (its authors draw one); the results are summed. Without a conflict all
/// weights are 1, and at the logits of two classes with hard labels there is none.
///
/// source  Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020
RuleEntry pcgrad_rule() {
  return {"pcgrad",
          "gradients without their parts against another",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<PcGrad>();
          }};
}

}  // namespace dmf
