#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/evaluation/evaluation.h"

namespace dmf {

/// A table with a row an image: its lesion's size, its scores, and the counts that all scores come
/// from (count_T_P: pixels of class T taken for P). Where any image has distances in millimetres,
/// columns of these, empty for the others.
std::string per_image_csv(const std::vector<ImageScore>& images);
/// Reads such a table.
///
/// throws  IoError naming the column or cell that is not sound
std::vector<ImageScore> read_per_image_csv(const std::filesystem::path& path);

}  // namespace dmf
