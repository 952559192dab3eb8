#include <algorithm>

#include "apps/data/layouts/layout.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

std::string part_of(const fs::path& folder) {
  return part_named(folder.filename().string());
}

constexpr int kLevels = 2;

}  // namespace

std::string part_named(std::string_view name) {
  const std::string lower = lower_case(std::string(name));
  if (lower == "train" || lower == "training" || lower == "tr") return "train";
  if (lower == "val" || lower == "valid" || lower == "validation") return "validation";
  if (lower == "test" || lower == "testing" || lower == "ts") return "test";
  return "";
}

namespace {

bool fits(const Folder& folder, const DatasetOptions& options) {
  const auto train = std::find_if(folder.folders.begin(), folder.folders.end(),
                                  [](const fs::path& each) { return part_of(each) == "train"; });
  const auto parts = std::count_if(folder.folders.begin(), folder.folders.end(),
                                   [](const fs::path& each) { return !part_of(each).empty(); });
  return train != folder.folders.end() && parts >= 2 &&
         find_layout(*train, options, kLevels).has_value();
}

Dataset read(const Folder& folder, const DatasetOptions& options) {
  Dataset dataset;
  std::vector<std::string> seen, layouts;
  for (const fs::path& child : folder.folders) {
    const std::string part = part_of(child), name = child.filename().string();
    if (part.empty()) continue;
    std::optional<Dataset> inside = find_layout(child, options, kLevels);
    if (!inside) {
      dataset.unused.push_back({child, "is a folder of images without masks"});
      continue;
    }
    DMF_CHECK(std::find(seen.begin(), seen.end(), part) == seen.end(), IoError,
              "[data] {} has two folders for the part '{}': remove or rename one.",
              folder.path.string(), part);
    seen.push_back(part);
    if (std::find(layouts.begin(), layouts.end(), inside->layout) == layouts.end()) {
      layouts.push_back(inside->layout);
    }
    add_inside(dataset, std::move(*inside), name, "", part);
  }
  dataset.layout = fmt::format("{} in {} folders", fmt::join(layouts, ", "), fmt::join(seen, ", "));
  return dataset;
}

}  // namespace

const Layout part_folders_layout = {"train, validation, test folders", "train/, val/ and test/",
                                    fits, read};

}  // namespace dmf
