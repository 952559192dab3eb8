#pragma once

#include "engine/autograd/variable.h"
#include "engine/kernels/dropout/dropout.h"

namespace dmf {

/// Zeroes each element with probability `rate` and divides the others by 1 - rate (Srivastava et
/// al. 2014). The mask is a function of seed and stream alone: nothing is stored for the gradient.
///
/// throws  ValueError for a rate outside [0, 1)
template <class S>
Variable<S> dropout(const Variable<S>& x, const DropoutSpec& spec);

}  // namespace dmf
