#include "apps/image/image.h"

#include <algorithm>
#include <cmath>

namespace dmf {

Image to_intensities(const RawImage& raw, int channels) {
  Image image(raw.height, raw.width, channels);
  const float scale = 1.0f / static_cast<float>(raw.largest);
  const bool colour = raw.channels >= 3;
  for (int h = 0; h < raw.height; ++h) {
    for (int w = 0; w < raw.width; ++w) {
      if (channels == 1) {
        const float value = colour ? 0.299f * static_cast<float>(raw.at(h, w, 0)) +
                                         0.587f * static_cast<float>(raw.at(h, w, 1)) +
                                         0.114f * static_cast<float>(raw.at(h, w, 2))
                                   : static_cast<float>(raw.at(h, w, 0));
        image.at(h, w) = value * scale;
      } else {
        for (int c = 0; c < channels; ++c) {
          image.at(h, w, c) = static_cast<float>(raw.at(h, w, colour ? c : 0)) * scale;
        }
      }
    }
  }
  return image;
}

std::uint8_t to_byte(float intensity) {
  return static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(intensity, 0.0f, 1.0f)));
}

}  // namespace dmf
