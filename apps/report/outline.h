#pragma once

#include <string>
#include <vector>

#include "apps/image/image.h"

namespace dmf {

/// Which pixels are inside, [height, width].
struct PixelSet {
  int height = 0, width = 0;
  std::vector<bool> inside;

  bool at(int h, int w) const {
    return h >= 0 && h < height && w >= 0 && w < width &&
           inside[static_cast<std::size_t>(h) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(w)];
  }
};

/// Its border as an SVG path along the edges of pixels, a pixel being one unit; empty where nothing is
/// inside. Filled with the even-odd rule it is the region, holes and all.
std::string outline_of(const PixelSet& region);

}  // namespace dmf
