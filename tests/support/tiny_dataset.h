#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "apps/data/layouts/dataset.h"
#include "engine/core/check.h"
#include "tests/support/drawn_dataset.h"

namespace dmf {

// What is found in folders of files that hold next to nothing.

/// An image or mask of one pixel.
inline void put(const std::filesystem::path& path) {
  write_grey_png(path, 1, 1, {0});
}

/// What a data set is refused with.
inline std::string message_of(const std::filesystem::path& folder,
                              const DatasetOptions& options = {}) {
  try {
    find_dataset(folder, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

/// Whether a file of that name is not used for a reason that holds `reason`.
inline bool has_unused(const Dataset& dataset, const std::string& name, const std::string& reason) {
  return std::any_of(dataset.unused.begin(), dataset.unused.end(), [&](const UnusedFile& each) {
    return each.path.filename() == name && each.reason.find(reason) != std::string::npos;
  });
}

}  // namespace dmf
