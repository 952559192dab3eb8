#pragma once

#include <algorithm>

#include "apps/data/augmentation/transform_draws.h"
#include "apps/image/image.h"

namespace dmf {

/// Every intensity v becomes f(v), kept in [0, 1].
template <class F>
void map_pixels(Image& image, const F& f) {
  for (float& pixel : image.pixels) {
    pixel = std::clamp(static_cast<float>(f(static_cast<double>(pixel))), 0.0f, 1.0f);
  }
}

/// Every intensity v becomes f(v, normal number), kept in [0, 1]. A number a pixel, the same in all
/// channels: grey stays grey.
template <class F>
void map_with_noise(Image& image, TransformDraws& draws, const F& f) {
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t k = 0; k < image.pixels.size(); k += channels) {
    const double normal = draws.normal();
    for (std::size_t c = 0; c < channels; ++c) {
      float& pixel = image.pixels[k + c];
      pixel = std::clamp(static_cast<float>(f(static_cast<double>(pixel), normal)), 0.0f, 1.0f);
    }
  }
}

}  // namespace dmf
