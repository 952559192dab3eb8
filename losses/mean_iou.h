#pragma once

#include <memory>

#include "losses/loss.h"

namespace dmf {

struct MeanIouOptions {
  LossOptions common;
  double smooth_nr = 0.0;
  double smooth_dr = 1e-7;
};

/// Soft intersection over union (Jaccard), averaged over classes:
/// 1 - (1/C) sum_c (TP_c + smooth_nr) / (TP_c + FP_c + FN_c + smooth_dr)
///
/// range   [0, 1]; a class absent from the labels contributes 0 to the mean and no gradient, unless
///         smooth_nr is above 0
/// source  paper, eq. (17)
template <class S>
std::unique_ptr<Loss<S>> make_mean_iou(const MeanIouOptions& options);

}  // namespace dmf
