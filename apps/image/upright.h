#pragma once

#include "apps/image/codecs/raw_image.h"

namespace dmf {

/// The image turned and mirrored as its orientation asks, samples and indices; its orientation is 1
/// then, its spacing that of the new rows and columns.
///
/// source  Exif 2.32, CIPA DC-008-2019, tag 274: which edges row 0 and column 0 of the file are
RawImage upright(RawImage raw);

}  // namespace dmf
