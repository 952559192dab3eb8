#include <doctest/doctest.h>

#include <random>

#include "apps/image/image.h"
#include "engine/core/check.h"
#include "tests/support/image_files.h"

namespace dmf {
namespace {

using doctest::Contains;

/// A drawing of random size and random samples.
Drawing random_drawing(std::mt19937& random, int channels, int bits) {
  const auto number = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  Drawing d{number(1, 21), number(1, 21), channels, bits, {}};
  for (int i = 0; i < d.height * d.width * channels; ++i) {
    d.samples.push_back(static_cast<std::uint16_t>(number(0, (1 << bits) - 1)));
  }
  return d;
}

}  // namespace

TEST_CASE("image file: random samples come back as drawn from PNG of every depth and colour") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    for (const int channels : {1, 2, 3, 4}) {
      for (const int bits : {1, 2, 4, 8, 16}) {
        if (bits < 8 && channels > 1) continue;
        const Drawing d = random_drawing(random, channels, bits);
        const RawImage raw = decode_image(encode_png_samples(d), "drawn.png");
        CHECK(raw.channels == channels);
        CHECK(raw.largest == (bits == 16 ? 65535 : 255));
        const int scale = bits < 8 ? 255 / ((1 << bits) - 1) : 1;
        std::vector<std::uint16_t> expected = d.samples;
        for (auto& sample : expected) sample = static_cast<std::uint16_t>(sample * scale);
        CHECK(raw.samples == expected);
      }
    }
  }
}

}  // namespace dmf
