#pragma once

#include <string_view>

#include "losses/kinds/smoothing.h"
#include "losses/loss.h"

namespace dmf {

/// Soft intersection over union (Jaccard), averaged over classes:
/// 1 - (1/C) sum_c (TP_c + smooth_nr) / (TP_c + FP_c + FN_c + smooth_dr)
///
/// range   [0, 1]; a class absent from the labels contributes 0 to the mean and no gradient, unless
///         smooth_nr is above 0
/// source  paper, eq. (17)
struct MeanIou {
  Smoothing smooth;

  static constexpr std::string_view kName = "mean_iou",
                                    kHelp = "intersection over union of all classes, eq. (17)";
  static std::vector<Setting> settings() { return Smoothing::settings(); }
  static MeanIou from(const Settings& s) { return {Smoothing::from(s)}; }

  template <class T>
  T operator()(const Counts<T>& n) const {
    return (n.tp + smooth.nr) / (n.tp + (n.fp + n.fn) + smooth.dr);
  }
};

}  // namespace dmf
