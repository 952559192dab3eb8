#pragma once

#include <cstdint>
#include <vector>

#include "apps/image/parts.h"

namespace dmf {

/// Where pixels meet: (0, 0) is the outer corner of the top left pixel, (1, 1) its inner one.
struct Corner {
  int x = 0, y = 0;
  bool operator==(const Corner&) const = default;
};

/// A closed line along the pixels' edges, given by the corners at which it turns.
using Ring = std::vector<Corner>;

/// A part of a class above 0, with its outlines.
struct Region : Part {
  std::vector<Ring> rings;  // the outer one, then the holes'
};

/// The regions of every class above 0, in reading order of their first pixels.
///
/// The rings of a region, drawn by the rule "a pixel is inside when its centre is, even-odd", are
/// its pixels exactly.
std::vector<Region> regions_of(const LabelMap& labels);

/// A region as one ring: each hole is joined to what lies left of it by a line that is gone twice,
/// there and back, and so counts for nothing. What the rule makes of it are the same pixels.
Ring with_seams(const Region& region);

/// A region as COCO's run lengths: of pixels outside and inside in turn, the first outside, column
/// by column, over an image of this size.
std::vector<std::int64_t> run_lengths(const Region& region, int height, int width);

}  // namespace dmf
