#pragma once

#include "engine/autograd/variable.h"
#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

/// Convolution of each channel by a kernel of its own (cross-correlation, as conv2d), with four-sided
/// zero padding.
///
/// x       [N, H, W, C]
/// weight  [KH, KW, 1, C], conv2d's layout for as many groups as channels
/// bias    [C], or a default-made Variable for none
/// return  [N, OH, OW, C], sizes as in conv2d
/// throws  ShapeError naming both shapes; ValueError for a stride below 1 or a negative padding
template <class S>
Variable<S> depthwise_conv2d(const Variable<S>& x, const Variable<S>& weight,
                             const Variable<S>& bias, const Conv2dSpec& spec = {});

}  // namespace dmf
