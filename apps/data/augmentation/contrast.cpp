#include "apps/data/augmentation/augmentation.h"
#include "apps/data/augmentation/pixels.h"

namespace dmf {
namespace {

/// Contrast about middle grey, and brightness, for half of the images.
void change(Sample& sample, const std::vector<Drawn>& settings, Rng& rng) {
  if (!rng.coin()) return;
  const double contrast = settings[0](rng), brightness = settings[1](rng);
  map_pixels(sample.image, [=](double v) { return 0.5 + contrast * (v - 0.5) + brightness; });
}

}  // namespace

const Augmentation contrast_augmentation = {
    "contrast", "strong", {{0.75, 1.25}, {-0.1, 0.1}}, change};

}  // namespace dmf
