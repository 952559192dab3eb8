#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dmf {

/// e^(-d^2 / (2 sigma^2)) of every pixel, d the sum of its distances in pixels to the borders of the
/// `nearest` objects nearest to it; 0 where there are not so many. An object is pixels of one label
/// above 0 that hang together by their sides. Each costs a distance transform of the image.
///
/// labels   [height, width]
/// nearest  1 or 2
std::vector<double> border_weights(std::span<const std::int32_t> labels, int height, int width,
                                   double sigma, int nearest);

}  // namespace dmf
