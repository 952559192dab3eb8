#pragma once

#include "engine/autograd/variable.h"
#include "engine/kernels/soft_confusion/soft_confusion.h"

namespace dmf {

/// Differentiable counts of every class from log-probabilities, in one pass:
/// TP_c = sum p y, FP_c = sum p (1 - y), FN_c = sum (1 - p) y.
///
/// log_probs  [N, H, W, C]
/// target     [N, H, W], class indices in [0, C) or spec.ignore_index
/// return     [3, G, C]: TP, FP, FN of each group, the batch (G = 1) or every image (G = N)
/// throws     ShapeError; ValueError naming the first label outside [0, C)
template <class S>
Variable<S> soft_confusion(const Variable<S>& log_probs, const Tensor<std::int32_t>& target,
                           const SoftConfusionSpec& spec);

}  // namespace dmf
