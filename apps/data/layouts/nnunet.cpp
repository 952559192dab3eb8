#include <algorithm>
#include <map>

#include "apps/data/layouts/layout.h"
#include "apps/data/layouts/name_keys.h"
#include "apps/data/layouts/pairing.h"
#include "apps/support/text.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

fs::path child_named(const Folder& folder, const std::string& name) {
  const auto found = std::find_if(
      folder.folders.begin(), folder.folders.end(),
      [&](const fs::path& each) { return lower_case(each.filename().string()) == name; });
  return found == folder.folders.end() ? fs::path() : *found;
}

/// The name without the channel, "_0000".
std::string case_of(const fs::path& image) {
  const std::string stem = image.stem().string();
  const std::size_t end = stem.size();
  const bool has_channel = end > 5 && stem[end - 5] == '_' &&
                           stem.find_first_not_of("0123456789", end - 4) == std::string::npos;
  return has_channel ? stem.substr(0, end - 5) : stem;
}

void add_cases(Dataset& dataset, const fs::path& image_folder, const fs::path& label_folder,
               const std::string& part, const DatasetOptions& options) {
  const std::vector<fs::path> images = candidates_in(list_folder(image_folder), options).images;
  const std::vector<fs::path> labels = candidates_in(list_folder(label_folder), options).masks;
  check_one_of_a_name(labels);
  std::map<std::string, fs::path> by_name, seen;
  for (const fs::path& label : labels) by_name.emplace(name_key(label), label);
  std::vector<std::string> without;
  for (const fs::path& image : images) {
    DatasetItem item;
    item.id = case_of(image);
    const std::string key = text_key(item.id);
    const auto [other, is_new] = seen.emplace(key, image);
    DMF_CHECK(is_new, IoError, "[data] {} and {} are two images of one case: expected one channel.",
              other->second.string(), image.string());
    item.image = image;
    item.part = part;
    const auto label = by_name.find(key);
    if (label == by_name.end()) {
      without.push_back(escaped_name(image.filename().string()));
      continue;
    }
    item.masks = {label->second};
    by_name.erase(label);
    dataset.items.push_back(std::move(item));
  }
  DMF_CHECK(without.empty(), IoError,
            "[data] {} image{} in {} without a mask in {}: {}. Add the masks or remove the images.",
            without.size(), without.size() == 1 ? "" : "s", image_folder.string(),
            label_folder.string(), first_few(without));
  for (const auto& [key, label] : by_name) {
    dataset.unused.push_back({label, "is a mask without an image"});
  }
}

bool fits(const Folder& folder, const DatasetOptions&) {
  return !child_named(folder, "imagestr").empty() && !child_named(folder, "labelstr").empty();
}

Dataset read(const Folder& folder, const DatasetOptions& options) {
  Dataset dataset;
  const fs::path images = child_named(folder, "imagests"), labels = child_named(folder, "labelsts");
  const bool has_test = !images.empty() && !labels.empty() &&
                        !candidates_in(list_folder(labels), options).masks.empty();
  add_cases(dataset, child_named(folder, "imagestr"), child_named(folder, "labelstr"),
            has_test ? "train" : "", options);
  if (has_test) {
    add_cases(dataset, images, labels, "test", options);
  } else if (!images.empty()) {
    for (const fs::path& image : list_folder(images).files) {
      dataset.unused.push_back({image, "is a test image without a mask"});
    }
  }
  return dataset;
}

}  // namespace

const Layout nnunet_layout = {"nnU-Net", "imagesTr/ and labelsTr/ (nnU-Net)", fits, read};

}  // namespace dmf
