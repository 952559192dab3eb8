#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/data/annotations/annotation.h"

namespace dmf {

/// A COCO file (CVAT exports it too): of every image its objects, as polygons or as run lengths,
/// plain or compressed; crowds (iscrowd 1) as any other object. An image without an annotation has
/// no object.
///
/// file    for messages
/// return  one annotation an image, in the file's order; a shape's `order` is its category's id
/// throws  IoError for what is no such JSON: ids that are unknown or given twice, objects with a
///         box alone, polygons of fewer than three points, run lengths that do not cover the
///         image
std::vector<Annotation> parse_coco(std::string_view text, const std::filesystem::path& file);

}  // namespace dmf
