#pragma once

#include <memory>

#include "losses/loss.h"

namespace dmf {

/// Categorical cross-entropy, -(1/N) sum_i log p[i, t_i], N the pixels that are not ignored. With
/// class weights, each pixel counts w_{t_i} and the sum of those replaces N.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  paper, eq. (16)
template <class S>
std::unique_ptr<Loss<S>> make_cross_entropy(const LossOptions& options);

}  // namespace dmf
