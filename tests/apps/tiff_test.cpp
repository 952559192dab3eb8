#include <doctest/doctest.h>
#include <tiff.h>

#include <algorithm>

#include "apps/image/codecs/image_file.h"
#include "engine/core/check.h"
#include "tests/support/random_drawing.h"
#include "tests/support/tiff_files.h"

namespace dmf {
namespace {

using doctest::Contains;

TiffLayout random_layout(std::mt19937& random) {
  TiffLayout layout;
  constexpr std::array kCompressions{COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE,
                                     COMPRESSION_PACKBITS};
  layout.compression = kCompressions[random() % kCompressions.size()];
  layout.tile = number(random, 0, 1) * 16;
  layout.rows_per_strip = number(random, 1, 30);
  layout.separate_planes = number(random, 0, 1) == 1;
  layout.white_is_zero = number(random, 0, 1) == 1;
  layout.big_endian = number(random, 0, 1) == 1;
  layout.big_tiff = number(random, 0, 1) == 1;
  layout.orientation = number(random, 1, 8);
  layout.pages = number(random, 1, 3);
  return layout;
}

void check_facts(const RawImage& raw, const TiffLayout& layout) {
  CHECK(raw.format == FileFormat::tiff);
  CHECK(raw.orientation == layout.orientation);
  CHECK(raw.warnings.size() == (layout.pages > 1 ? 1 : 0));
  if (layout.pages > 1) {
    CHECK(raw.warnings[0] == fmt::format("holds {} pages: the first is read", layout.pages));
  }
}

}  // namespace

TEST_CASE("tiff: random samples come back as drawn from every layout") {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    for (const int channels : {1, 2, 3, 4}) {
      for (const int bits : {1, 2, 4, 8, 16}) {
        if (bits < 8 && channels > 1) continue;
        Drawing d = random_drawing(random, channels, bits);
        const TiffLayout layout = random_layout(random);
        const RawImage raw = decode_image(encode_tiff(d, layout), "drawn.tif");
        check_facts(raw, layout);
        CHECK(raw.height == d.height);
        CHECK(raw.width == d.width);
        CHECK(raw.channels == channels);
        CHECK(raw.bits == bits);
        CHECK(raw.largest == (bits == 16 ? 65535 : 255));
        for (std::size_t i = 0; layout.white_is_zero && channels < 3 && i < d.samples.size();
             i += static_cast<std::size_t>(channels)) {
          d.samples[i] = static_cast<std::uint16_t>((1 << bits) - 1 - d.samples[i]);
        }
        CHECK(raw.samples == as_read(d));
      }
    }
  }
}

TEST_CASE("tiff: random indices and palettes come back") {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    for (const int bits : {1, 2, 4, 8}) {
      PaletteDrawing d = random_palette_drawing(random, bits, false);
      const TiffLayout layout = random_layout(random);
      const RawImage raw = decode_image(encode_tiff_palette(d, layout), "drawn.tif");
      check_facts(raw, layout);
      CHECK(raw.bits == bits);
      CHECK(raw.indices == d.indices);
      d.palette.resize(std::size_t{1} << bits, {0, 0, 0, 255});
      CHECK(raw.palette == d.palette);
      CHECK(raw.channels == 3);
      for (std::size_t i = 0; i < raw.samples.size(); ++i) {
        CHECK(raw.samples[i] == d.palette[d.indices[i / 3]][i % 3]);
      }
    }
  }
}

TEST_CASE("tiff: what cannot be read is refused in one line with its reason") {
  std::mt19937 random(3);
  const Drawing d = random_drawing(random, 1, 16);
  const auto refused = [&](const Drawing& drawing, const TiffLayout& layout, const char* reason) {
    CHECK_THROWS_WITH_AS(decode_image(encode_tiff(drawing, layout), "a.tif"), Contains(reason),
                         IoError);
  };
  TiffLayout layout;
  layout.sample_format = SAMPLEFORMAT_IEEEFP;
  refused(d, layout, "a.tif is a TIFF of floating-point numbers, which are not read");
  layout.sample_format = SAMPLEFORMAT_INT;
  refused(d, layout, "of signed numbers");
  Drawing five{2, 2, 5, 8, std::vector<std::uint16_t>(20)};
  refused(five, {}, "5 samples a pixel in RGB");
  Drawing coarse{2, 2, 3, 4, std::vector<std::uint16_t>(12)};
  refused(coarse, {}, "4 bits a sample in RGB: expected 8 or 16");
  Drawing large{8193, 1, 1, 1, std::vector<std::uint16_t>(8193)};
  std::string bytes = encode_tiff(large);
  const std::size_t width = bytes.find(std::string("\x00\x01\x03\x00\x01\x00\x00\x00\x01\x00", 10));
  REQUIRE(width != std::string::npos);
  bytes.replace(width + 8, 2, "\x01\x20");
  CHECK_THROWS_WITH_AS(decode_image(bytes, "a.tif"),
                       Contains("has 68 million pixels (8193 x 8193): at most"), IoError);
}

TEST_CASE("tiff: a file cut anywhere is refused, never half read") {
  std::mt19937 random(4);
  for (int round = 0; round < 20; ++round) {
    const Drawing d = random_drawing(random, 3, 8);
    TiffLayout layout = random_layout(random);
    layout.pages = 1;
    const std::string bytes = encode_tiff(d, layout);
    const RawImage whole = decode_image(bytes, "a.tif");
    for (int cut = 0; cut < 60; ++cut) {
      const auto size =
          static_cast<std::size_t>(number(random, 0, static_cast<int>(bytes.size()) - 1));
      try {
        CHECK(decode_image(bytes.substr(0, size), "cut.tif").samples == whole.samples);
      } catch (const IoError& problem) {
        const std::string text = problem.what();
        CHECK(text.starts_with("[image] cut.tif is"));
        CHECK(text.find('\n') == std::string::npos);
      }
    }
  }
}

}  // namespace dmf
