#pragma once

#include <string_view>
#include <vector>

#include "engine/core/settings.h"
#include "losses/loss.h"

namespace dmf {

/// Tversky loss, averaged over classes:
/// 1 - (1/C) sum_c (TP_c + smooth) / (TP_c + alpha FP_c + beta FN_c + smooth)
///
/// range   [0, 1]
/// source  paper, eq. (20), whose alpha goes with the false positives; Salehi et al. 2017,
///         arXiv:1706.05721
struct Tversky {
  double alpha = 0.7;  // weight of false positives
  double beta = 0.3;   // weight of false negatives
  double smooth = 1e-7;

  static constexpr std::string_view kName = "tversky",
                                    kHelp = "Tversky index of all classes, eq. (20)";
  static std::vector<Setting> settings() {
    return {{"tversky-alpha", Tversky().alpha, "Weight of false positives", kAtLeastZero},
            {"tversky-beta", Tversky().beta, "Weight of false negatives", kAtLeastZero},
            {"tversky-smooth", Tversky().smooth, "In numerator and denominator", kAtLeastZero}};
  }
  static Tversky from(const Settings& s) {
    return {s.number("tversky-alpha"), s.number("tversky-beta"), s.number("tversky-smooth")};
  }

  template <class T>
  T operator()(const Counts<T>& n) const {
    return (n.tp + smooth) / (n.tp + (alpha * n.fp + beta * n.fn) + smooth);
  }
};

}  // namespace dmf
