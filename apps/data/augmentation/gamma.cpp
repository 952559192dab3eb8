#include <cmath>

#include "apps/data/augmentation/augmentation.h"
#include "apps/data/augmentation/pixels.h"

namespace dmf {
namespace {

/// Intensities to a power, for half of the images.
void change(Sample& sample, const std::vector<Drawn>& settings, Rng& rng) {
  if (!rng.coin()) return;
  const double gamma = settings[0](rng);
  map_pixels(sample.image, [=](double v) { return std::pow(v, gamma); });
}

}  // namespace

const Augmentation gamma_augmentation = {"gamma", "strong", {{0.7, 1.5, true}}, change};

}  // namespace dmf
