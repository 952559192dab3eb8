#include "apps/data/dataset.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "apps/data/files.h"
#include "apps/image/image.h"
#include "apps/support/text.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Folders directly inside, sorted; symbolic links are left out.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error)) folders.push_back(entry.path());
  }
  DMF_CHECK(!error, IoError, "[data] cannot read the folder {}: {}.", folder.string(),
            error.message());
  std::sort(folders.begin(), folders.end());
  return folders;
}

/// Image files directly inside, in natural order; symbolic links are left out.
std::vector<fs::path> images_in(const fs::path& folder) {
  std::vector<fs::path> images;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error) && !entry.is_symlink(error) && is_image_path(entry.path())) {
      images.push_back(entry.path());
    }
  }
  DMF_CHECK(!error, IoError, "[data] cannot read the folder {}: {}.", folder.string(),
            error.message());
  std::sort(images.begin(), images.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
  return images;
}

fs::path child_named(const fs::path& folder, const std::set<std::string>& names) {
  for (const fs::path& child : folders_in(folder)) {
    if (names.contains(lower(child.filename().string()))) return child;
  }
  return {};
}

const std::set<std::string> kBusiClasses = {"benign", "malignant", "normal"};
const std::set<std::string> kImageFolders = {"images", "image", "imgs", "img"};
const std::set<std::string> kMaskFolders = {"masks", "mask", "labels", "segmentations", "gt"};

bool is_busi(const fs::path& folder) {
  return !child_named(folder, kBusiClasses).empty();
}

bool is_pairs(const fs::path& folder) {
  return !child_named(folder, kImageFolders).empty() && !child_named(folder, kMaskFolders).empty();
}

/// Folders that hold a layout, at the least depth where there are any.
std::vector<fs::path> find_roots(const fs::path& folder) {
  std::vector<fs::path> level = {folder};
  for (int depth = 0; depth <= 3; ++depth) {
    std::vector<fs::path> roots, next;
    for (const fs::path& each : level) {
      if (is_busi(each) || is_pairs(each)) {
        roots.push_back(each);
      } else {
        const auto children = folders_in(each);
        next.insert(next.end(), children.begin(), children.end());
      }
    }
    if (!roots.empty()) return roots;
    level = std::move(next);
  }
  return {};
}

void require_masks(const std::vector<std::string>& without, const fs::path& root) {
  DMF_CHECK(without.empty(), IoError,
            "[data] {} image{} in {} without a mask: {}. Add the masks or remove the images.",
            without.size(), without.size() == 1 ? "" : "s", root.string(), first_few(without));
}

Dataset read_busi(const fs::path& root, const DatasetOptions& options) {
  Dataset dataset{root, "BUSI", {}, {}};
  std::vector<std::string> without;
  for (const std::string& name : options.classes) {
    const fs::path folder = child_named(root, {lower(name)});
    DMF_CHECK(!folder.empty(), IoError,
              "[data] {} has no folder for the class '{}': give --classes with those it has.",
              root.string(), name);
    std::vector<fs::path> images, masks;
    for (const fs::path& path : images_in(folder)) {
      const bool is_mask = path.stem().string().find("_mask") != std::string::npos;
      (is_mask ? masks : images).push_back(path);
    }
    for (const fs::path& image : images) {
      DatasetItem item{(folder.filename() / image.stem()).string(), name, image, {}};
      const std::string prefix = image.stem().string() + "_mask";
      for (const fs::path& mask : masks) {
        const std::string stem = mask.stem().string();
        const bool own = stem == prefix || stem.starts_with(prefix + "_");
        if (own && (item.masks.empty() || !options.first_mask_only)) item.masks.push_back(mask);
      }
      if (item.masks.empty()) without.push_back(item.id);
      dataset.items.push_back(std::move(item));
    }
  }
  require_masks(without, root);
  return dataset;
}

/// A file name without the words that tell an image from its mask: "bus_0001-l" and "mask_0001-l"
/// both become "0001-l".
std::string bare_name(const fs::path& path) {
  static const std::set<std::string> kWords = {"bus",   "image",  "img", "mask", "masks",
                                               "label", "labels", "seg", "gt",   "segmentation"};
  std::vector<std::string> kept;
  std::string word;
  const std::string stem = lower(path.stem().string()) + "_";
  for (const char c : stem) {
    if (c != '_' && c != ' ') {
      word += c;
    } else {
      if (!word.empty() && !kWords.contains(word)) kept.push_back(word);
      word.clear();
    }
  }
  return fmt::format("{}", fmt::join(kept, "_"));
}

/// key -> file, or empty when two files share a key.
template <class Key>
std::map<std::string, fs::path> keyed(const std::vector<fs::path>& paths, const Key& key) {
  std::map<std::string, fs::path> result;
  for (const fs::path& path : paths) {
    if (!result.emplace(key(path), path).second) return {};
  }
  return result;
}

Dataset read_pairs(const fs::path& root) {
  Dataset dataset{root, "images + masks", {}, {}};
  const fs::path image_folder = child_named(root, kImageFolders);
  const fs::path mask_folder = child_named(root, kMaskFolders);
  const std::vector<fs::path> images = images_in(image_folder), masks = images_in(mask_folder);
  const auto by_stem = [](const fs::path& path) { return path.stem().string(); };
  const auto add = [&dataset](const fs::path& image, const fs::path& mask) {
    dataset.items.push_back({image.stem().string(), "", image, {mask}});
  };

  const auto stems = keyed(masks, by_stem);
  const auto bare_masks = keyed(masks, bare_name), bare_images = keyed(images, bare_name);
  std::vector<std::string> without;
  bool bare_fits = !bare_images.empty();
  std::size_t equal_names = 0;
  for (const fs::path& image : images) {
    if (stems.contains(by_stem(image))) {
      ++equal_names;
    } else {
      without.push_back(image.filename().string());
    }
    bare_fits = bare_fits && bare_masks.contains(bare_name(image));
  }
  if (without.empty()) {
    for (const fs::path& image : images) add(image, stems.at(by_stem(image)));
  } else if (bare_fits) {
    for (const fs::path& image : images) add(image, bare_masks.at(bare_name(image)));
    dataset.notes.push_back(fmt::format(
        "images and masks paired by names without words such as 'bus', 'image', 'mask': {} with {}",
        images.front().filename().string(),
        dataset.items.front().masks.front().filename().string()));
  } else if (equal_names == 0 && images.size() == masks.size()) {
    for (std::size_t i = 0; i < images.size(); ++i) add(images[i], masks[i]);
    dataset.notes.push_back(
        fmt::format("warning: no image has its mask's name; paired in sorted order: {} with {}",
                    images.front().filename().string(), masks.front().filename().string()));
  } else {
    require_masks(without, image_folder);
  }
  if (masks.size() > images.size()) {
    dataset.notes.push_back(
        fmt::format("warning: {} masks have no image", masks.size() - images.size()));
  }
  return dataset;
}

}  // namespace

Dataset find_dataset(const fs::path& folder, const DatasetOptions& options) {
  std::error_code error;
  DMF_CHECK(fs::is_directory(folder, error), IoError,
            "[data] {} is not a folder: expected one with images and masks.", folder.string());
  const std::vector<fs::path> roots = find_roots(folder);
  DMF_CHECK(!roots.empty(), IoError,
            "[data] found no images in {}: expected benign/ and malignant/ (BUSI), or images/ and "
            "masks/, there or up to three folders below.",
            folder.string());
  if (roots.size() > 1) {
    std::vector<std::string> names;
    for (const fs::path& root : roots) names.push_back(root.string());
    throw IoError(fmt::format("[data] found {} data sets in {}: {}. Give one of them.",
                              roots.size(), folder.string(), first_few(names)));
  }
  Dataset dataset =
      is_busi(roots.front()) ? read_busi(roots.front(), options) : read_pairs(roots.front());
  DMF_CHECK(!dataset.items.empty(), IoError, "[data] {} has no images.", roots.front().string());
  std::sort(dataset.items.begin(), dataset.items.end(),
            [](const DatasetItem& a, const DatasetItem& b) { return natural_less(a.id, b.id); });
  return dataset;
}

}  // namespace dmf
