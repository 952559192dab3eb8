#pragma once

#include "apps/image/image.h"

namespace dmf {

/// An image as the network sees it, with its truth.
struct Sample {
  Image image;
  LabelMap labels;
  Image lesion = {};  // the probability of one, [height, width, 1]; empty where labels are hard
};

}  // namespace dmf
