#pragma once

#include <memory>

#include "losses/loss.h"

namespace dmf {

struct TverskyOptions {
  LossOptions common;
  double alpha = 0.7;  // weight of false positives, >= 0
  double beta = 0.3;   // weight of false negatives, >= 0
  double smooth_nr = 1e-7;
  double smooth_dr = 1e-7;
};

/// Tversky loss, averaged over classes:
/// 1 - (1/C) sum_c (TP_c + smooth_nr) / (TP_c + alpha FP_c + beta FN_c + smooth_dr)
///
/// range   [0, 1]
/// throws  ValueError for a negative alpha, beta or smoothing
/// source  paper, eq. (20), whose alpha goes with the false positives; Salehi et al. 2017,
///         arXiv:1706.05721
template <class S>
std::unique_ptr<Loss<S>> make_tversky(const TverskyOptions& options);

}  // namespace dmf
