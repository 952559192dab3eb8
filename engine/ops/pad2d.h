#pragma once

#include "engine/autograd/variable.h"
#include "engine/kernels/pad2d/pad2d.h"

namespace dmf {

/// A frame of zeros around every image; negative values crop.
///
/// x       [N, H, W, C]
/// return  [N, H + top + bottom, W + left + right, C]
/// throws  ShapeError where nothing would be left
template <class S>
Variable<S> pad2d(const Variable<S>& x, const Padding& pad);

}  // namespace dmf
