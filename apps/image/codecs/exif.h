#pragma once

#include <optional>
#include <string_view>

#include "apps/image/codecs/raw_image.h"

namespace dmf {

/// The orientation in an EXIF block: 1 upright, which it also is where the block has none, to 8;
/// the block is a TIFF header of either byte order and its first directory. Nothing where it is
/// damaged.
///
/// source  Exif 2.32, CIPA DC-008-2019, 4.6.2 and tag 274
std::optional<int> exif_orientation(std::string_view block);

/// Keeps what an EXIF block says with the image that it came with; of a damaged one, a warning.
void note_orientation(RawImage& raw, std::string_view block);

}  // namespace dmf
