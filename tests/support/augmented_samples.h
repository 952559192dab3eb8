#pragma once

#include <cstdint>
#include <string>

#include "apps/data/augmentation/composition.h"

namespace dmf {

/// The sample as a composition draws it.
inline Sample after(Sample sample, const std::string& text, const DrawKey& key = {},
                    std::int32_t ignored = -1) {
  augment(sample, parse_composition(text), key, ignored);
  return sample;
}

/// Noise with labels 0, 1 and 2.
inline Sample random_sample(int height, int width, int channels, std::uint64_t seed) {
  Rng rng(seed);
  Sample sample{Image(height, width, channels), LabelMap(height, width)};
  for (float& pixel : sample.image.pixels) pixel = static_cast<float>(rng.uniform());
  for (std::int32_t& label : sample.labels.labels) label = static_cast<std::int32_t>(rng.below(3));
  return sample;
}

}  // namespace dmf
