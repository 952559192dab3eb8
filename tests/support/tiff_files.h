#pragma once

#include <string>

#include "tests/support/image_files.h"

namespace dmf {

/// How a TIFF is laid out; by default as most writers do.
struct TiffLayout {
  int compression = 1;  // COMPRESSION_NONE
  int tile = 0;         // side of a tile, a multiple of 16; 0: strips
  int rows_per_strip = 7;
  bool separate_planes = false;
  bool white_is_zero = false;  // of grey: 0 is white
  bool big_endian = false, big_tiff = false;
  int orientation = 1;
  int pages = 1;          // all alike
  int sample_format = 1;  // SAMPLEFORMAT_UINT
};

/// A TIFF file with these samples, written by libtiff: grey of 1, 2, 4, 8 or 16 bits, with an
/// alpha, RGB or RGBA of 8 or 16.
std::string encode_tiff(const Drawing& drawing, const TiffLayout& layout = {});

/// A TIFF file with a palette of 1, 2, 4 or 8 bits, filled up with black.
std::string encode_tiff_palette(const PaletteDrawing& drawing, const TiffLayout& layout = {});

}  // namespace dmf
