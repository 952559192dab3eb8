#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// x times a number in (0, 1) for each pixel: 1 / (1 + exp(-a)), for all of its channels. An attention
/// gate's last step.
///
/// x       [N, H, W, C]
/// a       [N, H, W, 1]
/// return  [N, H, W, C]
/// throws  ShapeError for other shapes, and where x has no elements
template <class S>
Variable<S> gate(const Variable<S>& x, const Variable<S>& a);

}  // namespace dmf
