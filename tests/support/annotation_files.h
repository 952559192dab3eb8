#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "apps/image/image.h"
#include "engine/core/rng.h"

namespace dmf {

// Drawn labels as JSON of annotation tools. The labels 1, 2, 3 are called benign, cyst, malignant
// by LabelMe, and are COCO's categories 3, 5, 7: the order that their classes have.

/// One image's labels as shapes of every type that LabelMe has.
nlohmann::json labelme_of(const LabelMap& labels, Rng& rng);

/// The labels of many images, by file name, as one COCO file: polygons, run lengths, and those
/// compressed.
nlohmann::json coco_of(const std::vector<std::pair<std::string, LabelMap>>& images, Rng& rng);

std::string base64_of(const std::string& bytes);

/// COCO's own compression of run lengths, as its C code does it.
std::string compressed(const std::vector<std::uint32_t>& counts);

}  // namespace dmf
