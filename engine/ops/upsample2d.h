#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// Images at twice the height and width, bilinear with half-pixel centres: PyTorch's
/// interpolate(scale_factor=2, mode="bilinear", align_corners=False).
///
/// x       [N, H, W, C]
/// return  [N, 2H, 2W, C]
/// throws  ShapeError
template <class S>
Variable<S> upsample_bilinear2d(const Variable<S>& x);

}  // namespace dmf
