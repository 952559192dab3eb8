#pragma once

#include <cstdint>
#include <vector>

#include "apps/image/image.h"

namespace dmf {

/// Pixels of one class that hang together by their sides.
struct Part {
  std::int32_t label = 0;
  std::int64_t area = 0;                    // pixels
  int x = 0, y = 0, width = 0, height = 0;  // the box around them
};

/// The parts of an image, in reading order of their first pixels.
struct Parts {
  std::vector<Part> all;
  std::vector<std::int32_t> ids;  // which part each pixel belongs to, -1: to none; [height, width]
};

/// Those of every class above 0.
Parts parts_of(const LabelMap& labels);
/// Those of the background too.
Parts all_parts_of(const LabelMap& labels);

/// Of each class above 0 its largest part alone, of several the first; the others are background.
LabelMap largest_parts(const LabelMap& labels);

/// Background that does not reach the image's edge becomes of the class left of its first pixel.
LabelMap without_holes(const LabelMap& labels);

}  // namespace dmf
