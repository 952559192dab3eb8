#include <cmath>

#include "dmf/rules/learned/log_scales.h"
#include "engine/core/choice.h"

namespace dmf {
namespace {

constexpr double kMost = kLargestLogarithm;

double half_weight(double s) {
  return 0.5 * std::exp(-s);
}
double half_gradient(double, double weight, double loss) {
  return 0.5 - weight * loss;
}

constexpr LearnedScale kForms[] = {
    {"torchjd", 0.0, -kMost, kMost, half_weight, half_gradient},
    {"libmtl", -0.5, -kMost, kMost, half_weight, half_gradient},
    {"cov", 0.0, -kMost, kMost, [](double s) { return std::exp(-s); },
     [](double, double weight, double loss) { return 1.0 - weight * loss; }},
    // The bounds are e^-5 and e^5: those of its logarithm's double.
    {"automatic", 1.0, 0.006737946999085467, 148.4131591025766,
     [](double p) { return 0.5 / (p * p); },
     [](double p, double weight, double loss) {
       return 2.0 * p / (1.0 + p * p) - 2.0 * weight * loss / p;
     }},
};

}  // namespace

/// Uncertainty weighting: the logarithm s of each loss's variance is learned with the network, or, in
/// the form `automatic`, its deviation p, whose penalty is never below 0.
///
///   torchjd    (sum_k e^(-s_k) L_k + sum_k s_k) / 2           w = e^(-s) / 2     s = 0 at first
///   libmtl     the same                                                          s = -1/2
///   cov        sum_k e^(-s_k) L_k + s_k                       w = e^(-s)         s = 0
///   automatic  sum_k L_k / (2 p_k^2) + log(1 + p_k^2)         w = 1 / (2 p^2)    p = 1
///
/// A step's weights come before what is learned from it. s goes to log L, so that w to 1 / L, or half
/// of it; it is kept within +-10, and p within e^+-5.
///
/// source  Kendall, Gal & Cipolla, CVPR 2018, in the forms of TorchJD and PhysicsNeMo, LibMTL, the
///         repository of CoV-weighting, and AutomaticWeightedLoss (Liebel & Koerner, arXiv:1805.06334)
RuleEntry uw_rule() {
  return {"uw",
          "by uncertainties that are learned",
          {{"uw-lr", 1e-3, "Adam's rate for what it learns", kAboveZero},
           {"uw-form",
            "torchjd",
            "Whose objective: " + any_of_text(names_of(kForms)),
            {},
            names_of(kForms)}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<LearnedScales>(
                "uw", entry_named(kForms, s.text("uw-form"), "uw-form"), context.initial.size(),
                s.number("uw-lr"));
          }};
}

}  // namespace dmf
