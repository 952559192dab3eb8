#pragma once

#include <string>

#include "apps/data/samples.h"
#include "engine/core/rng.h"

namespace dmf {

enum class Augmentation {
  none,
  flips,   // left-right, every second image: a breast has two sides, but the probe is always above
  strong,  // flip; rotation to 20 degrees and scale 0.8 to 1.25, each for half of the images;
           // contrast and brightness, gamma, and speckle-like noise, each for half of the images
};

/// throws  ValueError for a name other than none, flips and strong
Augmentation augmentation_named(const std::string& name);

/// Changes the sample in place; all that is random comes from `rng`. Labels follow the geometry by
/// nearest neighbour; what turns in from outside the image is black background.
void augment(Sample& sample, Augmentation kind, Rng& rng);

}  // namespace dmf
