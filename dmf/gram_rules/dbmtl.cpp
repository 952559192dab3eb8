#include <algorithm>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class DbMtl final : public GramRule {
  bool reads_losses() const override { return true; }

  Weights weights(const Gram& gram, const std::vector<double>& losses) override {
    constexpr double kEps = 1e-8;  // the authors'
    const std::size_t K = gram.losses();
    Weights w(K, 0.0), lengths(K);  // of the logarithms' gradients
    for (std::size_t k = 0; k < K; ++k) {
      positive_loss(losses[k], k, "dbmtl");
      lengths[k] = gram.norm(k) / (losses[k] + kEps);
    }
    const double longest = *std::max_element(lengths.begin(), lengths.end());
    for (std::size_t k = 0; k < K; ++k) {
      if (gram.norm(k) > 0.0) w[k] = longest / gram.norm(k);
    }
    return w;
  }
};

}  // namespace

/// Dual-balancing multi-task learning: the losses by their logarithms, their gradients all as long as
/// the longest. With u_k = g_k / (L_k + 1e-8),
///
///   w_k = max_j |u_j| / |u_k| / (L_k + 1e-8) = max_j |u_j| / |g_k|
///
/// Without its moving average of the gradients (beta 0), which products of one step's gradients do
/// not tell, and which means nothing for the logits of changing batches. A loss without a gradient
/// gets 0; a negative loss is an error.
///
/// source  Lin et al., "Dual-Balancing for Multi-Task Learning", arXiv:2308.12029
RuleEntry dbmtl_rule() {
  return {"dbmtl",
          "logarithms of the losses, gradients of one length",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<DbMtl>();
          }};
}

}  // namespace dmf
