#include <algorithm>

#include "apps/data/layouts/layout.h"
#include "apps/data/layouts/pairing.h"
#include "engine/core/check.h"

namespace dmf {

namespace fs = std::filesystem;

namespace {

/// Says what is missing.
[[noreturn]] void refuse_class(const fs::path& folder, const DatasetOptions& options) {
  const std::vector<fs::path> images = candidates_in(list_folder(folder), options).images;
  if (!images.empty()) pair_by_name(images, {}, folder, options);
  throw IoError(fmt::format("[data] the class folder {} has no images with masks: it holds {}.",
                            folder.string(), describe_contents(folder)));
}

}  // namespace

bool is_wanted_class(const std::string& name, const DatasetOptions& options) {
  return std::any_of(
      options.classes.begin(), options.classes.end(),
      [&](const std::string& wanted) { return lower_case(wanted) == lower_case(name); });
}

bool is_class_name(const std::string& name, const DatasetOptions& options) {
  const std::string lower = lower_case(name);
  return lower == "benign" || lower == "malignant" || lower == "normal" ||
         is_wanted_class(name, options);
}

namespace {

bool fits(const Folder& folder, const DatasetOptions& options) {
  return std::any_of(folder.folders.begin(), folder.folders.end(), [&](const fs::path& child) {
    return is_class_name(child.filename().string(), options);
  });
}

Dataset read(const Folder& folder, const DatasetOptions& options) {
  Dataset dataset;
  dataset.layout = "BUSI";
  dataset.published = {{"benign", 437}, {"malignant", 210}, {"normal", 133}};
  for (const std::string& name : options.classes) {
    const auto child =
        std::find_if(folder.folders.begin(), folder.folders.end(), [&](const fs::path& each) {
          return lower_case(each.filename().string()) == lower_case(name);
        });
    DMF_CHECK(child != folder.folders.end(), IoError,
              "[data] {} has no folder for the class '{}': give --classes with those it has.",
              folder.path.string(), name);
    std::optional<Dataset> inside = find_layout(*child, options, 1);
    if (!inside) refuse_class(*child, options);
    if (inside->layout != masks_beside_layout.name) {  // as the archive of BUSI has them
      dataset.layout = class_folders_layout.name;
      dataset.published.clear();
    }
    add_inside(dataset, std::move(*inside), child->filename().string(), name, "");
  }
  for (const fs::path& child : folder.folders) {
    const std::string name = child.filename().string();
    if (is_class_name(name, options) && !is_wanted_class(name, options)) {
      dataset.unused.push_back({child, "is a class not among --classes"});
    }
  }
  return dataset;
}

}  // namespace

const Layout class_folders_layout = {"class folders", "benign/ and malignant/ (BUSI)", fits, read};

}  // namespace dmf
