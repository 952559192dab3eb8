#pragma once

#include <vector>

#include "engine/autograd/variable.h"

namespace dmf {

/// Joins along the channel axis, in the order given: [N, H, W, C_0 + C_1 + ..].
///
/// throws  ShapeError for no parts, or parts that differ in any other axis
template <class S>
Variable<S> concat(const std::vector<Variable<S>>& parts);

}  // namespace dmf
