#include <cmath>
#include <numeric>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class ImtlG final : public GramRule {
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const std::size_t K = gram.losses();
    const Gram unit = scaled(gram, static_cast<double>(K) / trace(gram));  // of mean length 1
    Weights lengths;
    for (std::size_t k = 0; k < K; ++k) lengths.push_back(unit.norm(k));
    Weights w = pseudo_inverse_times(unit, lengths);
    const double sum = std::accumulate(w.begin(), w.end(), 0.0);
    constexpr double kLeast = 1e-12;  // TorchJD's
    for (double& each : w) each = std::abs(sum) < kLeast ? 0.0 : each / sum;
    return w;
  }
};

}  // namespace

/// Impartial multi-task learning, its gradient balance (IMTL-G): the sum of the weighted gradients
/// has the same projection on each loss's own direction.
///
///   v = G^+ sqrt(diag G)    w = v / sum v, or 0 where the sum is
///
/// Weights can be zero or negative: a long gradient nearly parallel to a short one is taken back.
///
/// source  Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, as TorchJD has it
RuleEntry imtlg_rule() {
  return {"imtlg",
          "the same projection on every gradient",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<ImtlG>();
          }};
}

}  // namespace dmf
