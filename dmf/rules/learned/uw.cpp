#include <cmath>

#include "dmf/rules/learned/log_scales.h"

namespace dmf {
namespace {

struct Uw {
  static constexpr std::string_view kName = "uw";
  static double weight(double s) { return 0.5 * std::exp(-s); }
  static double gradient(double weight, double loss) { return 0.5 - weight * loss; }
};

}  // namespace

/// Uncertainty weighting: the logarithm s of each loss's variance is learned with the network.
///
///   objective  (sum_k e^(-s_k) L_k + sum_k s_k) / 2    w_k = e^(-s_k) / 2
///
/// A step's weights come before what is learned from it: the first are all 1/2. s goes to log L, so w
/// to 1 / (2 L); it is kept within +-10.
///
/// source  Kendall, Gal & Cipolla, CVPR 2018; the form of TorchJD and PhysicsNeMo
RuleEntry uw_rule() {
  return {"uw",
          "by uncertainties that are learned",
          {{"uw-lr", 1e-3, "Adam's rate for its logarithms of the variances", kAboveZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<LearnedScales<Uw>>(context.initial.size(), s.number("uw-lr"));
          }};
}

}  // namespace dmf
