#include <cmath>

#include "dmf/rules/learned/log_scales.h"

namespace dmf {
namespace {

constexpr LearnedScale kScale = {
    .name = "its own",
    .initial = 0.0,
    .least = -kLargestLogarithm,
    .most = kLargestLogarithm,
    .weight = [](double s) { return std::exp(s); },
    .gradient = [](double, double weight, double loss) { return weight * loss - 1.0; }};

}  // namespace

/// Impartial multi-task learning, its loss balance (IMTL-L): the logarithm s of each loss's scale is
/// learned so that all scaled losses become 1.
///
///   objective  sum_k (e^(s_k) L_k - s_k)    w_k = e^(s_k)
///
/// A step's weights come before what is learned from it: the first are all 1. s is kept within +-10.
///
/// source  Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021
RuleEntry imtll_rule() {
  return {"imtll",
          "by scales that are learned, so that all losses become 1",
          {{"imtll-lr", 1e-3, "Adam's rate for its logarithms of the scales", kAboveZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<LearnedScales>("imtll", kScale, context.initial.size(),
                                                   s.number("imtll-lr"));
          }};
}

}  // namespace dmf
