#include <algorithm>
#include <cmath>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class GradVac final : public GramRule {
 public:
  GradVac(std::size_t losses, double beta) : beta_(beta), targets_(losses * losses, 0.0) {}

  std::vector<double> state() const override { return targets_; }

  void load_state(const std::vector<double>& state) override {
    require_state(state, targets_.size(), "gradvac", "one cosine for two losses");
    targets_ = state;
  }

 private:
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const std::size_t K = gram.losses();
    Weights w(K, 0.0);
    for (std::size_t i = 0; i < K; ++i) {
      Weights own(K, 0.0);  // loss i's gradient, in those of all
      own[i] = 1.0;
      for (std::size_t j = 0; j < K; ++j) {
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
};

}  // namespace

/// Gradient vaccine: where a gradient i's cosine with another j is below its moving average t until
/// then, as much of j is added to i as brings it there.
///
///   i += j |i| (t sin - cos sqrt(1 - t^2)) / (|j| sqrt(1 - t^2))    t <- (1 - beta) t + beta cos
///
/// one other after the next, in the losses' order (its authors draw one); the results are summed. t is
/// 0 at first, so the first step is pcgrad's. Two without a cosine, one being 0, are left alone, and so
/// are two whose average is 1.
///
/// source  Wang et al., "Gradient Vaccine", ICLR 2021; the average moves at every step, as TorchJD's
RuleEntry gradvac_rule() {
  return {"gradvac",
          "gradients as similar as they used to be",
          {{"gradvac-beta", 0.5, "Share of this step in the average of a cosine", kUnit}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<GradVac>(context.initial.size(), s.number("gradvac-beta"));
          }};
}

}  // namespace dmf
