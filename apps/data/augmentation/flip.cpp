#include <utility>

#include "apps/data/augmentation/augmentation.h"

namespace dmf {
namespace {

void flip_left_right(Sample& sample) {
  Image& image = sample.image;
  for (int h = 0; h < image.height; ++h) {
    for (int w = 0; w < image.width / 2; ++w) {
      for (int c = 0; c < image.channels; ++c) {
        std::swap(image.at(h, w, c), image.at(h, image.width - 1 - w, c));
      }
      std::swap(sample.labels.at(h, w), sample.labels.at(h, image.width - 1 - w));
    }
  }
}

/// Left to right, every second image: a breast has two sides, but the probe is always above.
void change(Sample& sample, const std::vector<Drawn>&, Rng& rng) {
  if (rng.coin()) flip_left_right(sample);
}

}  // namespace

const Augmentation flip_augmentation = {"flips", "flips", {}, change};

}  // namespace dmf
