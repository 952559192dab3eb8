#include <algorithm>
#include <map>
#include <set>

#include "apps/data/layouts/layout.h"
#include "apps/data/layouts/name_keys.h"
#include "apps/data/layouts/pairing.h"
#include "apps/support/text.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

enum class Role { none, images, masks };

/// What a folder's name says, and what is left of it: "train_masks" is masks, "train".
std::pair<Role, std::string> role_of(const fs::path& folder) {
  static const std::set<std::string> kImages = {"images",     "image",     "imgs",     "img",
                                                "jpegimages", "originals", "original", "orig",
                                                "input",      "inputs"};
  static const std::set<std::string> kMasks = {"masks",
                                               "mask",
                                               "labels",
                                               "label",
                                               "annotations",
                                               "annotation",
                                               "annots",
                                               "gt",
                                               "gts",
                                               "groundtruth",
                                               "groundtruths",
                                               "segmentations",
                                               "segmentation",
                                               "seg",
                                               "segs",
                                               "segmentationclass",
                                               "segmentationclasspng",
                                               "json",
                                               "jsons"};
  std::string key = text_key(folder.filename().string());
  if (const std::size_t at = key.find("ground_truth"); at != std::string::npos)
    key.erase(at + 6, 1);
  Role role = Role::none;
  std::vector<std::string> rest;
  const auto look_at = [&](const std::string& word) {
    if (kMasks.contains(word)) {
      role = Role::masks;
    } else if (kImages.contains(word)) {
      if (role == Role::none) role = Role::images;
    } else {
      return false;
    }
    return true;
  };
  for (std::size_t from = 0; from <= key.size();) {
    const std::size_t end = std::min(key.find('_', from), key.size());
    const std::string word = key.substr(from, end - from);
    from = end + 1;
    if (word.empty() || look_at(word)) continue;
    // Written together: "trainimages", "masksTrain".
    std::string left = word;
    for (const char* known : {"images", "masks", "labels", "image", "mask", "label"}) {
      const std::string each = known;
      if (word.ends_with(each)) {
        left = word.substr(0, word.size() - each.size());
      } else if (word.starts_with(each)) {
        left = word.substr(each.size());
      } else {
        continue;
      }
      look_at(each);
      break;
    }
    rest.push_back(left);
  }
  return {role, fmt::format("{}", fmt::join(rest, "_"))};
}

/// Files by the path of their folder, whose parts are called by one name.
using Tree = std::map<std::string, std::vector<fs::path>>;

struct Found {
  Tree images, masks;
};

void collect(const fs::path& path, const std::string& below, int levels,
             const DatasetOptions& options, Found& found) {
  const Folder folder = list_folder(path);
  const Candidates candidates = candidates_in(folder, options);
  if (!candidates.images.empty()) found.images[below] = candidates.images;
  if (!candidates.masks.empty()) found.masks[below] = candidates.masks;
  if (levels == 0) return;
  for (const fs::path& child : folder.folders) {
    const std::string name = child.filename().string(), part = part_named(name);
    collect(child, below + (part.empty() ? name : part) + "/", levels - 1, options, found);
  }
}

Found collected(const fs::path& folder, const DatasetOptions& options) {
  constexpr int kLevels = 3;
  Found found;
  collect(folder, "", kLevels, options, found);
  return found;
}

struct FolderPair {
  fs::path images, masks;
  std::string rest;  // of both names
};

/// throws  IoError where two folders have the same role
std::vector<FolderPair> folder_pairs(const Folder& folder, const DatasetOptions& options) {
  std::map<std::string, FolderPair> pairs;
  for (const fs::path& child : folder.folders) {
    const auto [role, rest] = role_of(child);
    if (role == Role::none) continue;
    const Found found = collected(child, options);
    if (role == Role::images ? found.images.empty() : found.masks.empty()) continue;
    FolderPair& pair = pairs[rest];
    pair.rest = rest;
    fs::path& place = role == Role::images ? pair.images : pair.masks;
    DMF_CHECK(place.empty(), IoError,
              "[data] {} and {} could both hold the {}: remove one, or say which files are masks "
              "with --mask-names \"{}/*\".",
              place.string(), child.string(), role == Role::images ? "images" : "masks",
              escaped_name(place.filename().string()));
    place = child;
  }
  std::vector<FolderPair> complete;
  for (const auto& [rest, pair] : pairs) {
    if (!pair.images.empty() && !pair.masks.empty()) complete.push_back(pair);
  }
  return complete;
}

void add_folder_pair(Dataset& dataset, const FolderPair& pair, bool is_only,
                     const DatasetOptions& options) {
  const Found of_images = collected(pair.images, options);
  const Found of_masks = collected(pair.masks, options);
  std::map<std::string, std::string> mask_folders;  // by name in small letters
  for (const auto& [below, masks] : of_masks.masks) mask_folders[lower_case(below)] = below;
  for (const auto& [below, images] : of_images.images) {
    Dataset inside;
    // The last part and class that the path names.
    std::string part = is_only ? "" : part_named(pair.rest), image_class;
    if (is_class_name(pair.rest, options)) image_class = pair.rest;
    for (const fs::path& name : fs::path(below)) {
      if (!part_named(name.string()).empty()) part = part_named(name.string());
      if (is_class_name(name.string(), options)) image_class = lower_case(name.string());
    }
    const auto masks = mask_folders.find(lower_case(below));
    const std::vector<fs::path> theirs =
        masks == mask_folders.end() ? std::vector<fs::path>() : of_masks.masks.at(masks->second);
    if (!image_class.empty() && !is_wanted_class(image_class, options)) {
      for (const auto& files : {images, theirs}) {
        for (const fs::path& file : files) {
          dataset.unused.push_back({file, "is of a class not among --classes"});
        }
      }
    } else {
      const fs::path where = images.front().parent_path();
      add_pairs(inside, images, pair_by_name(images, theirs, where, options), below, options);
      add_inside(dataset, std::move(inside), is_only ? "" : pair.rest, image_class, part);
    }
    if (masks != mask_folders.end()) mask_folders.erase(masks);
  }
  for (const auto& [lower, below] : mask_folders) {
    for (const fs::path& mask : of_masks.masks.at(below)) {
      dataset.unused.push_back({mask, "is a mask without an image"});
    }
  }
}

bool fits(const Folder& folder, const DatasetOptions& options) {
  return !nnunet_layout.fits(folder, options) && !folder_pairs(folder, options).empty();
}

Dataset read(const Folder& folder, const DatasetOptions& options) {
  const std::vector<FolderPair> pairs = folder_pairs(folder, options);
  std::vector<std::string> others;
  for (const FolderPair& pair : pairs) {
    if (part_named(pair.rest).empty() && !is_class_name(pair.rest, options)) {
      others.push_back(escaped_name(pair.images.filename().string()));
    }
  }
  DMF_CHECK(pairs.size() == 1 || others.empty(), IoError,
            "[data] found {} data sets in {}: {}. Give one of them, in a folder of its own.",
            pairs.size(), folder.path.string(), first_few(others));
  Dataset dataset;
  for (const FolderPair& pair : pairs) add_folder_pair(dataset, pair, pairs.size() == 1, options);
  return dataset;
}

}  // namespace

const Layout image_and_mask_folders_layout = {"images + masks", "images/ and masks/", fits, read};

}  // namespace dmf
