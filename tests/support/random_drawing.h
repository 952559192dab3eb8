#pragma once

#include <random>

#include "tests/support/image_files.h"

namespace dmf {

/// A whole number from `low` to `high`.
inline int number(std::mt19937& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
}

/// A drawing of random size and random samples.
inline Drawing random_drawing(std::mt19937& random, int channels, int bits) {
  Drawing d{number(random, 1, 21), number(random, 1, 21), channels, bits, {}};
  for (int i = 0; i < d.height * d.width * channels; ++i) {
    d.samples.push_back(static_cast<std::uint16_t>(number(random, 0, (1 << bits) - 1)));
  }
  return d;
}

/// A random palette, not always a full one, and random indices into it.
inline PaletteDrawing random_palette_drawing(std::mt19937& random, int bits, bool alpha) {
  PaletteDrawing d{number(random, 1, 21), number(random, 1, 21), bits, {}, {}};
  const int colours = number(random, 1, 1 << bits);
  const auto byte = [&] { return static_cast<std::uint8_t>(number(random, 0, 255)); };
  for (int k = 0; k < colours; ++k) {
    d.palette.push_back({byte(), byte(), byte(), alpha ? byte() : std::uint8_t{255}});
  }
  for (int i = 0; i < d.height * d.width; ++i) {
    d.indices.push_back(static_cast<std::uint8_t>(number(random, 0, colours - 1)));
  }
  return d;
}

/// A drawing's samples as they are read from a format that scales fewer than 8 bits to 0..255.
inline std::vector<std::uint16_t> as_read(const Drawing& d) {
  const int scale = d.bits < 8 ? 255 / ((1 << d.bits) - 1) : 1;
  std::vector<std::uint16_t> samples = d.samples;
  for (auto& sample : samples) sample = static_cast<std::uint16_t>(sample * scale);
  return samples;
}

}  // namespace dmf
