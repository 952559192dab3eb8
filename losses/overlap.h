#pragma once

#include <vector>

#include "losses/loss.h"

namespace dmf {

/// The ratio behind Dice, IoU and Tversky:
///
///   (tp_factor TP + smooth_nr) / (tp_factor TP + alpha FP + beta FN + smooth_dr)
struct OverlapSpec {
  double tp_factor = 1.0;
  double alpha = 1.0;      // weight of false positives
  double beta = 1.0;       // weight of false negatives
  double smooth_nr = 0.0;  // 0: a class absent from the labels scores 0 and passes no gradient
  double smooth_dr = 1e-7;
};

/// return  the ratio for every group and class, [G, C]
template <class S>
Variable<S> overlap(const SoftCounts<S>& counts, const OverlapSpec& spec);

/// What a class weighs before normalisation: class_weights(), without the background if it is not
/// included.
///
/// throws  as class_weights() does, and ValueError when no weight is left
std::vector<double> overlap_weights(const LossOptions& options, Index classes);

/// 1 - sum of share * scores, both [G, C]
template <class S>
Variable<S> one_minus_weighted_sum(const Variable<S>& scores, const Tensor<S>& share);

/// 1 - the mean over groups of each one's mean, its classes weighted alike: the loss of mean Dice,
/// mean IoU and Tversky.
template <class S>
Variable<S> overlap_loss(Prediction<S>& prediction, const OverlapSpec& spec,
                         const LossOptions& options);

}  // namespace dmf
