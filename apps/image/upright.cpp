#include "apps/image/upright.h"

#include <utility>

namespace dmf {
namespace {

struct Pixel {
  int h, w;
};

/// Where the pixel (h, w) of the upright image lies in the file, whose sides are H x W.
Pixel in_file(int orientation, int h, int w, int H, int W) {
  switch (orientation) {
    case 2:
      return {h, W - 1 - w};  // column 0 is the right edge
    case 3:
      return {H - 1 - h, W - 1 - w};  // row 0 is the bottom, column 0 the right
    case 4:
      return {H - 1 - h, w};  // row 0 is the bottom
    case 5:
      return {w, h};  // row 0 is the left edge, column 0 the top
    case 6:
      return {H - 1 - w, h};  // row 0 is the right edge, column 0 the top
    case 7:
      return {H - 1 - w, W - 1 - h};  // row 0 is the right edge, column 0 the bottom
    case 8:
      return {w, W - 1 - h};  // row 0 is the left edge, column 0 the bottom
    default:
      return {h, w};
  }
}

}  // namespace

RawImage upright(RawImage raw) {
  if (raw.orientation <= 1) return raw;
  const bool turned = raw.orientation >= 5;
  RawImage result = raw;
  if (turned) {
    std::swap(result.height, result.width);
    if (result.spacing) std::swap((*result.spacing)[0], (*result.spacing)[1]);
  }
  std::size_t sample = 0, pixel = 0;
  for (int h = 0; h < result.height; ++h) {
    for (int w = 0; w < result.width; ++w, ++pixel) {
      const Pixel from = in_file(raw.orientation, h, w, raw.height, raw.width);
      for (int c = 0; c < raw.channels; ++c) result.samples[sample++] = raw.at(from.h, from.w, c);
      if (!raw.indices.empty()) {
        result.indices[pixel] = raw.indices[static_cast<std::size_t>(from.h * raw.width + from.w)];
      }
    }
  }
  result.orientation = 1;
  return result;
}

}  // namespace dmf
