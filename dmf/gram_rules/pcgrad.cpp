#include "dmf/gram_rules/gram_rule.h"
#include "dmf/gram_rules/pair_order.h"

namespace dmf {
namespace {

class PcGrad final : public GramRule {
 public:
  explicit PcGrad(PairOrder order) : order_(std::move(order)) {}

  std::vector<double> state() const override { return order_.state(); }

  void load_state(const std::vector<double>& state) override {
    require_state(state, order_.state_size(), "pcgrad", "one count of draws, in a random order");
    order_.load_state(state, "pcgrad");
  }

 private:
  void pass(std::size_t losses) override { order_.next(losses); }

  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const std::size_t K = gram.losses();
    const auto orders = order_.next(K);
    Weights w(K, 0.0);
    for (std::size_t i = 0; i < K; ++i) {
      Weights own(K, 0.0);  // loss i's gradient, in those of all
      own[i] = 1.0;
      for (const std::size_t j : orders[i]) {
        if (j == i || !(gram(j, j) > 0.0)) continue;
        double product = 0.0;
        for (std::size_t k = 0; k < K; ++k) product += gram(j, k) * own[k];
        if (product < 0.0) own[j] -= product / gram(j, j);
      }
      for (std::size_t k = 0; k < K; ++k) w[k] += own[k];
    }
    return w;
  }

  PairOrder order_;
};

}  // namespace

/// PCGrad, gradient surgery: from each gradient its part against another is taken away, one after the
/// other, in the losses' order, or, as its authors have it, in one that is drawn for each gradient at
/// every step (pcgrad-order); the results are summed. Without a conflict all
/// weights are 1, and at the logits of two classes with hard labels there is none.
///
/// source  Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020
RuleEntry pcgrad_rule() {
  return {"pcgrad",
          "gradients without their parts against another",
          {PairOrder::setting("pcgrad")},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<PcGrad>(PairOrder(context, s.text("pcgrad-order")));
          }};
}

}  // namespace dmf
