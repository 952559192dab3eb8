#include "apps/image/codecs/exif.h"

#include "apps/image/codecs/bytes.h"

namespace dmf {

std::optional<int> exif_orientation(std::string_view block) {
  constexpr std::size_t kHeader = 8, kEntry = 12;
  constexpr std::uint32_t kOrientation = 274, kShort = 3, kLong = 4;
  const bool little = block.starts_with("II"), big = block.starts_with("MM");
  if (block.size() < kHeader || little == big) return std::nullopt;
  const auto number = little ? little_endian : big_endian;
  const std::size_t directory = number(block, 4, 4);
  if (number(block, 2, 2) != 42 || directory > block.size() - 2) return std::nullopt;
  const std::size_t entries = number(block, directory, 2);
  for (std::size_t k = 0; k < entries; ++k) {
    const std::size_t entry = directory + 2 + k * kEntry;
    if (block.size() < kEntry || entry > block.size() - kEntry) return std::nullopt;
    if (number(block, entry, 2) != kOrientation) continue;
    const std::uint32_t type = number(block, entry + 2, 2);
    if ((type != kShort && type != kLong) || number(block, entry + 4, 4) != 1) return std::nullopt;
    const std::uint32_t value = number(block, entry + 8, type == kShort ? 2 : 4);
    if (value < 1 || value > 8) return std::nullopt;
    return static_cast<int>(value);
  }
  return 1;
}

void note_orientation(RawImage& raw, std::string_view block) {
  const std::optional<int> orientation = exif_orientation(block);
  raw.orientation = orientation.value_or(1);
  if (!orientation) raw.warnings.push_back("has a damaged EXIF block: taken as upright");
}

}  // namespace dmf
