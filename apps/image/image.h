#pragma once

#include <cstdint>
#include <vector>

#include "apps/image/codecs/raw_image.h"

namespace dmf {

/// Intensities in [0, 1], [height, width, channels].
struct Image {
  int height = 0, width = 0, channels = 1;
  std::vector<float> pixels;

  Image() = default;
  Image(int h, int w, int c)
      : height(h),
        width(w),
        channels(c),
        pixels(static_cast<std::size_t>(h) * static_cast<std::size_t>(w) *
               static_cast<std::size_t>(c)) {}
  std::size_t index(int h, int w, int c = 0) const {
    return (static_cast<std::size_t>(h) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(w)) *
               static_cast<std::size_t>(channels) +
           static_cast<std::size_t>(c);
  }
  float& at(int h, int w, int c = 0) { return pixels[index(h, w, c)]; }
  float at(int h, int w, int c = 0) const { return pixels[index(h, w, c)]; }
};

/// Class of every pixel, [height, width].
struct LabelMap {
  int height = 0, width = 0;
  std::vector<std::int32_t> labels;

  LabelMap() = default;
  LabelMap(int h, int w)
      : height(h), width(w), labels(static_cast<std::size_t>(h) * static_cast<std::size_t>(w)) {}
  std::size_t index(int h, int w) const {
    return static_cast<std::size_t>(h) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(w);
  }
  std::int32_t& at(int h, int w) { return labels[index(h, w)]; }
  std::int32_t at(int h, int w) const { return labels[index(h, w)]; }
};

/// Intensities in [0, 1]; alpha is dropped. One channel: grey by 0.299 R + 0.587 G + 0.114 B;
/// three: RGB, grey repeated.
///
/// channels  1 or 3
Image to_intensities(const RawImage& raw, int channels);

/// Intensity in [0, 1] to 0..255, rounded and clamped.
std::uint8_t to_byte(float intensity);

}  // namespace dmf
