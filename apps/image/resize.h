#pragma once

#include <string>
#include <vector>

#include "apps/image/image.h"
#include "engine/core/choice.h"

namespace dmf {

enum class Interpolation { linear, area };

inline constexpr Named<Interpolation> kInterpolations[] = {
    {"linear", Interpolation::linear, "between the nearest pixels"},
    {"area", Interpolation::area, "the mean over what a pixel covers"}};

/// Separable weights of one axis: output i is the sum of weight[k] * input[first + k].
struct ResizeTaps {
  int first = 0;
  std::vector<double> weight;
};

/// linear  half-pixel centres, no antialiasing: s = max((i + 0.5) in/out - 0.5, 0), between
///         floor(s) and the next. OpenCV's INTER_LINEAR, Keras's bilinear.
/// area    the mean over [i in/out, (i+1) in/out), a pixel being the unit interval. OpenCV's
///         INTER_AREA. Only for shrinking; an axis that grows falls back to linear.
std::vector<ResizeTaps> resize_taps(Interpolation mode, int in, int out);

/// Index of output i for nearest neighbour: floor((i + 0.5) in/out) in exact arithmetic.
int nearest_index(int i, int in, int out);

/// pixels   [height, width, channels]
/// return   [out_height, out_width, channels]
template <class T>
std::vector<T> resize_pixels(const std::vector<T>& pixels, int height, int width, int channels,
                             int out_height, int out_width, Interpolation mode);

Image resize(const Image& image, int height, int width, Interpolation mode);

}  // namespace dmf
