#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class Projection final : public GramRule {
 public:
  /// each  projects every gradient by itself, and not their mean
  Projection(bool each, double regularisation) : each_(each), regularisation_(regularisation) {}

 private:
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const std::size_t K = gram.losses();
    const double share = 1.0 / static_cast<double>(K);
    Gram regular = scaled(gram, 1.0 / trace(gram));
    for (std::size_t k = 0; k < K; ++k) regular(k, k) += regularisation_;
    if (!each_) return minimum_above(regular, Weights(K, share));
    Weights w(K, 0.0);
    for (std::size_t i = 0; i < K; ++i) {
      Weights own(K, 0.0);
      own[i] = share;
      const Weights projected = minimum_above(regular, own);
      for (std::size_t k = 0; k < K; ++k) w[k] += projected[k];
    }
    return w;
  }

  bool each_;
  double regularisation_;
};

constexpr const char* kHelp = "Added to the squares of gradients whose lengths' squares sum to 1";

}  // namespace

/// UPGrad: every gradient, divided by K, is projected on the cone of directions that raise no loss,
/// and the projections are summed. DualProj: the gradients' mean is.
///
///   minimise v^T (G / tr G + 1e-4 I) v over v >= u    upgrad: w = sum of v for each u = e_k / K
///                                                     dualproj: w = v for u = (1/K, ..., 1/K)
///
/// Without a conflict all weights are 1 / K, and at the logits of two classes with hard labels there is
/// none. TorchJD takes gradients whose lengths' squares sum to less than 1e-4 for 0; as all are at the
/// logits of a batch, that is left out.
///
/// source  Quinton & Rey, "Jacobian Descent for Multi-Objective Optimization", arXiv:2406.16232;
///         Lopez-Paz & Ranzato, "Gradient Episodic Memory", NeurIPS 2017
RuleEntry upgrad_rule() {
  return {"upgrad",
          "each gradient, projected to raise no loss",
          {{"upgrad-reg-eps", 1e-4, kHelp, kAboveZero}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Projection>(true, s.number("upgrad-reg-eps"));
          }};
}
RuleEntry dualproj_rule() {
  return {"dualproj",
          "their mean, projected to raise no loss",
          {{"dualproj-reg-eps", 1e-4, kHelp, kAboveZero}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Projection>(false, s.number("dualproj-reg-eps"));
          }};
}

}  // namespace dmf
