#pragma once

#include <memory>

#include "losses/loss.h"

namespace dmf {

struct FocalOptions {
  LossOptions common;
  double gamma = 2.0;                  // focusing exponent; 0 gives alpha-weighted cross-entropy
  std::vector<double> alpha = {0.25};  // one for all classes, or one a class
};

/// Focal loss, -(1/N) sum_i alpha_{t_i} (1 - p_i)^gamma log p_i with p_i the probability of pixel
/// i's own class. With class weights w, each pixel's term is multiplied by w_{t_i} and the sum of
/// those replaces N; the alphas are never divided out.
///
/// range   [0, inf); 0 at a perfect prediction
/// throws  ValueError for gamma < 0 or a negative alpha; ShapeError unless there is one alpha or
///         one a class
/// source  paper, eq. (19); Lin et al. 2017, arXiv:1708.02002, eq. (5)
template <class S>
std::unique_ptr<Loss<S>> make_focal(const FocalOptions& options);

}  // namespace dmf
