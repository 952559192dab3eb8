#include <algorithm>
#include <cmath>

#include "dmf/gram_rules/gram_rule.h"
#include "dmf/gram_rules/pair_order.h"

namespace dmf {
namespace {

class GradVac final : public GramRule {
 public:
  GradVac(std::size_t losses, double beta, PairOrder order)
      : beta_(beta), targets_(losses * losses, 0.0), order_(std::move(order)) {}

  std::vector<double> state() const override {
    std::vector<double> state = targets_;
    for (const double each : order_.state()) state.push_back(each);
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    require_state(state, targets_.size() + order_.state_size(), "gradvac",
                  "one cosine for two losses and, in a random order, one count of draws");
    order_.load_state(state, "gradvac");
    std::copy_n(state.begin(), targets_.size(), targets_.begin());
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
        if (j == i) continue;
        const double length = std::sqrt(squared_length(gram, own));
        if (!(length > 0.0) || !(gram.norm(j) > 0.0)) continue;
        double product = 0.0;
        for (std::size_t k = 0; k < K; ++k) product += gram(j, k) * own[k];
        const double cosine = std::clamp(product / (length * gram.norm(j)), -1.0, 1.0);
        double& target = targets_[i * K + j];
        const double sine = std::sqrt(1.0 - cosine * cosine);
        const double wanted_sine = std::sqrt(1.0 - target * target);
        if (cosine < target && wanted_sine > 0.0) {
          own[j] += length * (target * sine - cosine * wanted_sine) / (gram.norm(j) * wanted_sine);
        }
        target = (1.0 - beta_) * target + beta_ * cosine;
      }
      for (std::size_t k = 0; k < K; ++k) w[k] += own[k];
    }
    return w;
  }

  double beta_;
  std::vector<double> targets_;  // of the cosines, i's with j at i K + j
  PairOrder order_;
};

}  // namespace

/// Gradient vaccine: where a gradient i's cosine with another j is below its moving average t until
/// then, as much of j is added to i as brings it there.
///
///   i += j |i| (t sin - cos sqrt(1 - t^2)) / (|j| sqrt(1 - t^2))    t <- (1 - beta) t + beta cos
///
/// one other after the next, in the losses' order, or, as its authors have it, in one that is drawn for
/// each gradient at every step (gradvac-order); the results are summed. t is 0 at first, so the first step is pcgrad's. Two without a cosine, one being 0, are left alone, and so
/// are two whose average is 1.
///
/// source  Wang et al., "Gradient Vaccine", ICLR 2021; the average moves at every step, as TorchJD's
RuleEntry gradvac_rule() {
  return {"gradvac",
          "gradients as similar as they used to be",
          {{"gradvac-beta", 0.5, "Share of this step in the average of a cosine", kUnit},
           PairOrder::setting("gradvac")},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<GradVac>(context.initial.size(), s.number("gradvac-beta"),
                                             PairOrder(context, s.text("gradvac-order")));
          }};
}

}  // namespace dmf
