#pragma once

#include <memory>

#include "engine/kernels/class_balance/class_balance.h"
#include "losses/loss.h"

namespace dmf {

struct CbDiceOptions {
  LossOptions common;
  ClassBalance balance = ClassBalance::complement;
  double smooth_nr = 0.0;
  double smooth_dr = 1e-7;
};

/// Class-balanced Dice: 1 - sum_c w_c D_c, with D_c the soft Dice of class c (eq. 23) and w_c from
/// the share r_c of the group's pixels that carry its label (eq. 21), normalised to sum 1.
///
/// range   [0, 1]; where all pixels are background the loss is exactly 1 with no gradient
/// source  paper, eq. (21) to (25); the normalisation, without effect for two classes, is ours
template <class S>
std::unique_ptr<Loss<S>> make_cb_dice(const CbDiceOptions& options);

}  // namespace dmf
