#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/image/codecs/image_file.h"

namespace dmf {

using Palette = std::vector<std::array<std::uint8_t, 4>>;  // red, green, blue, alpha

/// What a test draws: samples of `bits` bits, [height, width, channels].
struct Drawing {
  int height = 0, width = 0;
  int channels = 1;  // 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA
  int bits = 8;
  std::vector<std::uint16_t> samples;
};

/// What a test draws with a palette: an index a pixel, [height, width].
struct PaletteDrawing {
  int height = 0, width = 0;
  int bits = 8;
  Palette palette;  // at most 2^bits
  std::vector<std::uint8_t> indices;
};

/// Which row of a BMP comes first in the file.
enum class RowOrder { bottom_up, top_down };

/// A PNG file with these samples: grey of 1, 2, 4, 8 or 16 bits, the others of 8 or 16.
std::string encode_png_samples(const Drawing& drawing);

/// A PNG file with a palette of 1, 2, 4 or 8 bits; tRNS is written where an alpha is below 255.
std::string encode_png_palette(const PaletteDrawing& drawing);

/// A BMP file of 8-bit samples: grey as 8 bits with a ramp as palette, RGB as 24 bits, RGBA as 32.
std::string encode_bmp(const Drawing& drawing, RowOrder order = RowOrder::bottom_up);

/// A BMP file with a palette of 1, 4 or 8 bits (it holds no alpha).
std::string encode_bmp_palette(const PaletteDrawing& drawing, RowOrder order = RowOrder::bottom_up);

/// A JPEG file (lossy) of 8-bit samples, grey or RGB; it is RGB either way.
std::string encode_jpeg(const Drawing& drawing, int quality = 95);

/// An EXIF block: a TIFF header, of either byte order, and a directory with the orientation alone.
std::string exif_block(int orientation, bool little_endian);

/// The JPEG or PNG file with an EXIF orientation, 1 to 8, put behind its header.
std::string with_exif(const std::string& file, int orientation, bool little_endian = true);

/// The PNG file with another chunk put behind its header.
std::string with_png_chunk(const std::string& png, const std::string& type,
                           const std::string& data);

}  // namespace dmf
