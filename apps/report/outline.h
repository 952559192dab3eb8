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

/// Half as high and wide, rounded up: inside where two or more of a pixel's four are.
PixelSet halved(const PixelSet& region);

/// Its border as an SVG path along the edges of pixels; empty where nothing is inside. Filled with the
/// even-odd rule it is the region, holes and all.
///
/// unit  what an edge of a pixel measures
std::string outline_of(const PixelSet& region, int unit = 1);

}  // namespace dmf
