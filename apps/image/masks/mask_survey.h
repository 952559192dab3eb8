#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/image/image.h"

namespace dmf {

/// Red, green and blue, 8 or 16 bits each as the file has them.
using MaskColour = std::array<std::uint16_t, 3>;

inline bool is_grey(const MaskColour& c) {
  return c[0] == c[1] && c[1] == c[2];
}
/// 0.299 R + 0.587 G + 0.114 B, rounded; of a grey colour its value exactly.
int luminance(const MaskColour& colour);

/// Everything of one pixel that its class may be written in.
struct PixelCode {
  MaskColour colour{};
  std::uint16_t alpha = 0;  // the largest sample where the file has none
  std::int16_t index = -1;  // into the palette; -1 where the file has none

  auto operator<=>(const PixelCode&) const = default;
};

/// How often a code occurs in a file, and where.
struct CodeCount {
  PixelCode code;
  std::int64_t pixels = 0;
  std::int64_t border = 0;  // of them on the image's border
  std::int64_t flat =
      0;  // of them with four neighbours of nearly the same luminance and alpha: no edge
};

/// What a decision on a whole set needs to know of one mask file.
struct MaskFacts {
  std::filesystem::path path;
  FileFormat format = FileFormat::png;
  int height = 0, width = 0;
  int largest = 255;
  bool has_alpha = false, has_palette = false;
  std::vector<CodeCount> codes;  // ascending
  bool merged = false;           // had too many codes to keep: they are grey levels now, rounded
  std::int64_t faint = 0;        // pixels in blobs (above a quarter of the brightest pixel of the
                                 // file) that nowhere reach three quarters of it

  std::int64_t pixels() const { return std::int64_t{height} * width; }
  std::int64_t border_pixels() const;
};

/// A mask without its file: facts, and of every pixel the place of its code among them.
struct SurveyedMask {
  MaskFacts facts;
  std::vector<std::uint8_t> plane;  // empty where there are more than 256 codes
};

/// The code of pixel `at` (row by row).
PixelCode code_at(const RawImage& raw, std::size_t at);

/// Looks at every pixel of a mask. A file of more than 4096 codes keeps rounded grey levels only.
SurveyedMask survey_mask(const std::filesystem::path& path, const RawImage& raw);

}  // namespace dmf
