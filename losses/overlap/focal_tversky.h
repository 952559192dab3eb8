#pragma once

#include <string_view>
#include <vector>

#include "engine/core/settings.h"
#include "engine/ops/elementwise.h"
#include "losses/loss.h"

namespace dmf {

/// Focal Tversky loss, averaged over classes: (1/C) sum_c (1 - TI_c)^(1 / gamma),
/// TI_c = (TP_c + smooth) / (TP_c + alpha FP_c + beta FN_c + smooth)
///
/// range   [0, 1]; 0 at a perfect prediction
/// source  Abraham & Khan 2018, arXiv:1810.07842, equations 3 and 4, with their numbers; their
///         alpha, of the false negatives, is beta here, and their sum over classes a mean
struct FocalTversky {
  double alpha = 0.3;  // weight of false positives
  double beta = 0.7;   // weight of false negatives
  double gamma = 4.0 / 3.0;
  double smooth = 1e-7;

  static constexpr std::string_view kName = "focal_tversky",
                                    kHelp = "a power of 1 - Tversky index, hard classes first";
  static std::vector<Setting> settings() {
    const FocalTversky own;
    return {{"focal-tversky-alpha", own.alpha, "Weight of false positives", kAtLeastZero},
            {"focal-tversky-beta", own.beta, "Weight of false negatives", kAtLeastZero},
            {"focal-tversky-gamma", own.gamma, "Above 1 hard classes count more", kAboveZero},
            {"focal-tversky-smooth", own.smooth, "In numerator and denominator", kAtLeastZero}};
  }
  static FocalTversky from(const Settings& s) {
    return {s.number("focal-tversky-alpha"), s.number("focal-tversky-beta"),
            s.number("focal-tversky-gamma"), s.number("focal-tversky-smooth")};
  }

  template <class S>
  Variable<S> operator()(const Counts<Variable<S>>& n) const {
    const Variable<S> index = (n.tp + smooth) / (n.tp + (alpha * n.fp + beta * n.fn) + smooth);
    return 1.0 - pow(1.0 - index, 1.0 / gamma);
  }
};

}  // namespace dmf
