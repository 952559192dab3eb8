#pragma once

#include "apps/image/image.h"
#include "engine/core/choice.h"

namespace dmf {

/// How labels come to another size.
enum class LabelResize {
  share,    // each pixel gets the label that covers most of it; no lesion vanishes if it can stay
  nearest,  // each pixel gets the label at its centre; small lesions may vanish
};

inline constexpr Named<LabelResize> kLabelResizes[] = {
    {"share", LabelResize::share, "what covers most of a pixel, and no lesion vanishes"},
    {"nearest", LabelResize::nearest, "what is at its centre"}};

/// Labels at another size, and what became of the lesions. A lesion is a set of pixels of one class
/// above 0 that touch at sides or corners.
struct ResizedLabels {
  LabelMap labels;
  int kept = 0;  // lesions that would have vanished and got the pixel that they cover best
  int lost = 0;  // lesions without a pixel
};

/// share    the label with the largest area in the rectangle that becomes the pixel; of equal ones
///          that of its centre, else the least. A lesion that no pixel shows then gets the one it
///          covers most of (the first of equal ones), unless that was another lesion's last.
/// nearest  the label at floor((i + 0.5) in / out), in exact arithmetic
///
/// All in whole numbers, so that the result is the same everywhere.
///
/// ignored  the label of pixels that take no part: no lesion, but an area like any other
ResizedLabels resize_labels(const LabelMap& labels, int height, int width, LabelResize mode,
                            int ignored = -1);

/// Pixels of each lesion, largest first.
std::vector<std::int64_t> lesion_sizes(const LabelMap& labels, int ignored = -1);

}  // namespace dmf
