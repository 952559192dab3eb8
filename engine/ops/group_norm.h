#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

struct GroupNormSpec {
  Index groups = 1;  // as many as channels: instance normalisation (Ulyanov et al. 2016)
  double eps = 1e-5;
  double slope = 1.0;  // of a leaky ReLU behind it, in the same pass: 0 is ReLU's, 1 none
};

/// Group normalisation (Wu & He 2018): y = gamma * (x - mean) / sqrt(var + eps) + beta with the mean
/// and biased variance of each image's each group of neighbouring channels, the same in training and
/// evaluation.
///
/// x            [N, H, W, C]
/// gamma, beta  [C]
/// throws       ShapeError; ValueError for groups that do not divide C, or a slope outside [0, 1]
template <class S>
Variable<S> group_norm(const Variable<S>& x, const Variable<S>& gamma, const Variable<S>& beta,
                       const GroupNormSpec& spec);

}  // namespace dmf
