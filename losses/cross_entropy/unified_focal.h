#pragma once

#include <string_view>
#include <vector>

#include "engine/core/choice.h"
#include "losses/kinds/group_loss.h"

namespace dmf {

/// Which classes of a unified focal loss are focused.
enum class FocalForm : std::uint8_t { asymmetric, symmetric };

inline constexpr Named<FocalForm> kFocalForms[] = {
    {"asymmetric", FocalForm::asymmetric, "the background's easy pixels and the others' hard ones"},
    {"symmetric", FocalForm::symmetric, "all classes alike"}};

/// Unified focal loss, weight F + (1 - weight) T, of a focal cross-entropy F and a focal Tversky loss
/// T, with class 0 the background:
///
///   F = -(1/N) sum_i delta_{t_i} (1 - p_i)^gamma log p_i, delta_0 = 1 - delta, delta_c = delta
///   T = (1/C) sum_c (1 - TI_c)^(1 - gamma),
///       TI_c = (TP_c + smooth) / (TP_c + delta FN_c + (1 - delta) FP_c + smooth)
///
/// The asymmetric form leaves F's power to the background and T's to the others. Class weights, and
/// leaving out the background, act on F as on cce and on T as on tversky.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  Yeung et al. 2022, arXiv:2102.04525; exponents as in the authors' code, where the
///         paper's symmetric form has 1 - gamma and gamma: alike at its gamma, 0.5
struct UnifiedFocal {
  double weight = 0.5;
  double delta = 0.6;
  double gamma = 0.5;
  FocalForm form = FocalForm::asymmetric;
  double smooth = 1e-7;

  static constexpr std::string_view kName = "unified_focal",
                                    kHelp = "focal cross-entropy and focal Tversky as one";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() {
    const UnifiedFocal own;
    return {{"unified-focal-weight", own.weight, "What the cross-entropy counts", kUnit},
            {"unified-focal-delta", own.delta, "Weight of lesions, and of false negatives", kUnit},
            {"unified-focal-gamma", own.gamma, "Focusing exponent", kFraction},
            {"unified-focal-form",
             std::string("asymmetric"),
             help_of(kFocalForms),
             {},
             names_of(kFocalForms)},
            {"unified-focal-smooth", own.smooth, "In numerator and denominator", kAtLeastZero}};
  }
  static UnifiedFocal from(const Settings& s) {
    return {s.number("unified-focal-weight"), s.number("unified-focal-delta"),
            s.number("unified-focal-gamma"),
            entry_named(kFocalForms, s.text("unified-focal-form"), "unified-focal-form").value,
            s.number("unified-focal-smooth")};
  }

  LossNeeds needs(const ClassWeights& weights, Index classes) const {
    weights.of_counts(classes);  // throws where they do not fit
    const std::vector<double> w = weights.of_pixels(classes);
    NllTerm background{gamma, w, w}, others{form == FocalForm::symmetric ? gamma : 0.0, w, w};
    for (std::size_t c = 0; c < w.size(); ++c) {
      background.scale[c] *= c == 0 ? 1.0 - delta : 0.0;
      others.scale[c] *= c == 0 ? 0.0 : delta;
    }
    return {.counts = true, .terms = {background, others}};
  }
  template <class S>
  Variable<S> of_group(const GroupSums<S>& n, const ClassWeights& weights) const {
    const Variable<S>& tp = n.counts.tp;
    const Variable<S> errors = delta * n.counts.fn + (1.0 - delta) * n.counts.fp;
    const Variable<S> missed = 1.0 - (tp + smooth) / (tp + errors + smooth);
    std::vector<double> focused = shares_of(weights.of_counts(n.classes())), plain(focused.size());
    if (form == FocalForm::asymmetric) std::swap(focused.front(), plain.front());
    const Variable<S> overlap =
        sum(n.row(focused) * pow(missed, 1.0 - gamma)) + sum(n.row(plain) * missed);
    return weight * (n.terms[0] + n.terms[1]) + (1.0 - weight) * overlap;
  }
};

}  // namespace dmf
