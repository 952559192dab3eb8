#include <algorithm>
#include <cmath>

#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

void change(Image& image, TransformDraws& draws) {
  const double rate = draws.drawn("rate");
  for (int h = 0; h < image.height; ++h) {
    const double factor = std::exp(-rate * (h + 0.5) / image.height);
    for (int k = 0; k < image.width * image.channels; ++k) {
      float& pixel = image.pixels[image.index(h, 0) + static_cast<std::size_t>(k)];
      pixel = std::clamp(static_cast<float>(factor * static_cast<double>(pixel)), 0.0f, 1.0f);
    }
  }
}

}  // namespace

// Beer and Lambert's law on the displayed intensities; the probe is above. As harmful as helpful where
// it was measured (Tupper & Gagné, TMLR 2025), so in no named composition.
const Transform attenuation_transform = {
    .name = "attenuation",
    .help = "lets intensities fall exponentially with depth, or rise",
    .probability = 0.2,
    .settings = {{{"rate",
                   std::vector<double>{0.0, 1.0},
                   "below 0: what lies deep is brighter, as with too much gain",
                   {.least = -5.0, .most = 5.0}},
                  "nepers over the image's height"}},
    .change = change};

}  // namespace dmf
