#pragma once

#include <string_view>

#include "losses/kinds/smoothing.h"
#include "losses/loss.h"

namespace dmf {

/// Soft Dice, averaged over classes:
/// 1 - (1/C) sum_c (2 TP_c + smooth_nr) / (2 TP_c + FP_c + FN_c + smooth_dr)
///
/// range   [0, 1]; a class absent from the labels contributes 0 to the mean and no gradient, unless
///         smooth_nr is above 0
/// source  paper, eq. (18)
struct MeanDice {
  Smoothing smooth;

  static constexpr std::string_view kName = "mean_dice", kHelp = "Dice of all classes, eq. (18)";
  static std::vector<Setting> settings() { return Smoothing::settings(); }
  static MeanDice from(const Settings& s) { return {Smoothing::from(s)}; }

  template <class T>
  T operator()(const Counts<T>& n) const {
    const T both = 2.0 * n.tp;
    return (both + smooth.nr) / (both + (n.fp + n.fn) + smooth.dr);
  }
};

}  // namespace dmf
