#pragma once

#include "engine/autograd/variable.h"
#include "engine/kernels/pool2d/pool2d.h"

namespace dmf {

/// Largest value of every window; an odd last row or column that no window reaches is dropped. The
/// gradient goes to the first maximum of the window in row-major order.
///
/// x       [N, H, W, C]
/// return  [N, OH, OW, C], sizes as in conv2d
/// throws  ShapeError where no window fits; ValueError for a kernel or stride below 1, or a padding
///         that is negative or not smaller than the kernel
template <class S>
Variable<S> max_pool2d(const Variable<S>& x, const Pool2dSpec& spec = {});

}  // namespace dmf
