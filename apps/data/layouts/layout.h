#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/data/layouts/dataset.h"

namespace dmf {

/// One way in which data sets lie in folders.
struct Layout {
  std::string_view name;
  std::string_view expected;  // what its folder holds, for the error when nothing is found
  /// Whether this folder has that layout. Looks at names, never at pixels.
  bool (*fits)(const Folder& folder, const DatasetOptions& options);
  /// Its items, notes and those unused files whose reason only the layout knows. Ids are paths
  /// relative to the folder; order does not matter.
  ///
  /// throws  IoError
  Dataset (*read)(const Folder& folder, const DatasetOptions& options);
};

// Each in the file of its name.
#define DMF_LAYOUT(file) extern const Layout file##_layout;
#include "apps/data/layouts/layouts.def"
#undef DMF_LAYOUT

/// All of them.
std::span<const Layout* const> layouts();

/// Reads the layout in `folder` or, where it has none, the one up to `levels` below.
///
/// return  nothing where there is none
/// throws  IoError where several fit, or what fits cannot be read
std::optional<Dataset> find_layout(const std::filesystem::path& folder,
                                   const DatasetOptions& options, int levels);

/// What lies in a folder and up to three levels below, for messages: "a/images (6 .png), a/x (3
/// .tif)".
std::string describe_contents(const std::filesystem::path& folder);

/// Adds the items of a data set found in a folder inside; image_class and part where they are
/// given.
void add_inside(Dataset& outer, Dataset inner, const std::string& folder,
                const std::string& image_class, const std::string& part);

/// "train", "validation" or "test" for the names that such folders have; else empty.
std::string part_named(std::string_view name);

/// True for the names of folders that hold a class: BUSI's, and those that the options name.
bool is_class_name(const std::string& name, const DatasetOptions& options);

/// True where the options ask for the class, in any case.
bool is_wanted_class(const std::string& name, const DatasetOptions& options);

}  // namespace dmf
