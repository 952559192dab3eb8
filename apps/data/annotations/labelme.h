#pragma once

#include <string_view>

#include "apps/data/annotations/annotation.h"

namespace dmf {

/// A LabelMe file: the outlines of one image as polygons, rectangles (two opposite corners),
/// circles (centre and a point on the rim) and masks (a PNG within a box).
///
/// file    for messages
/// throws  IoError for what is no such JSON, and for points and lines, which have no area
Annotation parse_labelme(std::string_view text, const std::filesystem::path& file);

}  // namespace dmf
