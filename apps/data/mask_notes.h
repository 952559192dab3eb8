#pragma once

#include <string>
#include <vector>

#include "apps/image/masks/mask_encoding.h"

namespace dmf {

/// What a user should know of masks that are read, one line each: they look inverted (lesion on
/// more than 60 % of the pixels and on most of the border), all or some; an ignored number that
/// occurs in none.
std::vector<std::string> mask_notes(const std::vector<MaskFacts>& masks,
                                    const MaskEncoding& encoding);

/// True where a mask's samples are its image's, and not all the same: it was drawn by nobody.
bool is_its_image(const RawImage& mask, const RawImage& image);

}  // namespace dmf
