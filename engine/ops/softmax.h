#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// exp(x_k) / sum_j exp(x_j) over the last axis; finite for logits of any size.
///
/// x       [.., C]
/// return  the shape of x, each pixel summing to 1
template <class S>
Variable<S> softmax(const Variable<S>& x);

/// log softmax(x), computed by subtracting the maximum, never as the log of a rounded softmax.
template <class S>
Variable<S> log_softmax(const Variable<S>& x);

}  // namespace dmf
