#pragma once

#include <vector>

#include "engine/core/rng.h"
#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

/// Sizes of one convolution, for comparing kernels.
struct ConvCase {
  Shape x, weight;
  Conv2dSpec spec;
};

inline Shape output_shape(const ConvCase& c) {
  const Padding& pad = c.spec.pad;
  return {c.x[0], conv2d_output_size(c.x[1], c.weight[0], c.spec.stride_h, pad.top, pad.bottom),
          conv2d_output_size(c.x[2], c.weight[1], c.spec.stride_w, pad.left, pad.right),
          c.weight[3]};
}

/// One pixel, one channel, odd sizes, sizes that no block divides, strides, lopsided padding; and
/// some that nobody chose.
std::vector<ConvCase> convolutions();

}  // namespace dmf
