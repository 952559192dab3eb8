#pragma once

#include "apps/image/image.h"

namespace dmf {

struct BilateralSpec {
  int diameter = 5;
  double sigma_space = 2.0;  // pixels
  double sigma_range = 0.1;  // intensity, of the image's own scale
  bool square = false;       // the whole d x d window of the formula, not the disc inside it
};

/// Edge-preserving smoothing, equations (26) and (27):
///
///   out(x) = sum_u I(u) k(u) / sum_u k(u),
///   k(u) = exp(-|u - x|^2 / (2 sigma_space^2)) * exp(-(I(u) - I(x))^2 / (2 sigma_range^2))
///
/// over the disc of radius diameter / 2 (integer division), as OpenCV's bilateralFilter, or the
/// square. Outside the image it is mirrored without repeating the edge. Channels are filtered
/// alone.
///
/// pixels  [height, width]
/// throws  ValueError for a diameter below 1 or a sigma that is not above 0
template <class T>
std::vector<T> bilateral_filter(const std::vector<T>& pixels, int height, int width,
                                const BilateralSpec& spec);

Image bilateral_filter(const Image& image, const BilateralSpec& spec);

}  // namespace dmf
