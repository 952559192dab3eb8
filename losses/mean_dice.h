#pragma once

#include <memory>

#include "losses/loss.h"

namespace dmf {

struct MeanDiceOptions {
  LossOptions common;
  double smooth_nr = 0.0;
  double smooth_dr = 1e-7;
};

/// Soft Dice, averaged over classes:
/// 1 - (1/C) sum_c (2 TP_c + smooth_nr) / (2 TP_c + FP_c + FN_c + smooth_dr)
///
/// range   [0, 1]; a class absent from the labels contributes 0 to the mean and no gradient, unless
///         smooth_nr is above 0
/// source  paper, eq. (18)
template <class S>
std::unique_ptr<Loss<S>> make_mean_dice(const MeanDiceOptions& options);

}  // namespace dmf
