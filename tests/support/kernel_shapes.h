#pragma once

#include <type_traits>
#include <vector>

#include "engine/core/shape.h"

namespace dmf {

/// Shapes with one pixel, one channel, odd sizes, and more than one chunk of work.
inline const std::vector<Shape> kShapes = {{1, 1, 1, 1},  {1, 3, 5, 1},   {2, 7, 5, 3},
                                           {1, 9, 4, 17}, {3, 40, 33, 8}, {2, 5, 3, 130}};

/// What a kernel may differ by from its plain twin.
template <class S>
double tolerance() {
  return std::is_same_v<S, float> ? 1e-5 : 1e-12;
}

}  // namespace dmf
