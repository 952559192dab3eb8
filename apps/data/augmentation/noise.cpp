#include "apps/data/augmentation/augmentation.h"
#include "apps/data/augmentation/pixels.h"

namespace dmf {
namespace {

/// Speckle-like noise, whose strength is the share of an intensity, for half of the images.
void change(Sample& sample, const std::vector<Drawn>& settings, Rng& rng) {
  if (!rng.coin()) return;
  const double strength = settings[0](rng);
  map_pixels(sample.image, [&](double v) { return v * (1.0 + strength * rng.normal()); });
}

}  // namespace

const Augmentation noise_augmentation = {"noise", "strong", {{0.0, 0.1}}, change};

}  // namespace dmf
