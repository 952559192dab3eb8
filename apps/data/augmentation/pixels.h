#pragma once

#include <algorithm>

#include "apps/image/image.h"

namespace dmf {

/// Every intensity v becomes f(v), kept in [0, 1].
template <class F>
void map_pixels(Image& image, const F& f) {
  for (float& pixel : image.pixels) {
    pixel = std::clamp(static_cast<float>(f(static_cast<double>(pixel))), 0.0f, 1.0f);
  }
}

}  // namespace dmf
