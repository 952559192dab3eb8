#include "apps/data/annotations/coco.h"

#include <algorithm>
#include <map>
#include <set>

#include "apps/data/annotations/json_reader.h"
#include "apps/data/layouts/layout.h"
#include "apps/data/layouts/name_keys.h"
#include "apps/image/codecs/file_format.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// COCO files of the folder and of those inside that are named for annotations.
std::vector<fs::path> coco_files(const Folder& folder, const DatasetOptions& options) {
  std::vector<fs::path> found;
  const auto add = [&](const Folder& place) {
    for (const fs::path& file : place.files) {
      const bool named = options.mask_names.empty() || fits_glob(file, options.mask_names);
      if (named && annotation_kind(file) == AnnotationKind::coco) found.push_back(file);
    }
  };
  add(folder);
  for (const fs::path& child : folder.folders) {
    const std::vector<std::string> words = words_of(text_key(child.filename().string()));
    if (std::any_of(words.begin(), words.end(), is_mask_word)) add(list_folder(child));
  }
  return found;
}

void collect_images(const fs::path& path, int levels, std::vector<fs::path>& images) {
  const Folder folder = list_folder(path);
  std::copy_if(folder.files.begin(), folder.files.end(), std::back_inserter(images), is_image_path);
  if (levels == 0) return;
  for (const fs::path& child : folder.folders) collect_images(child, levels - 1, images);
}

using ImagesByName = std::map<std::string, std::vector<fs::path>>;  // by file name

/// The file that a JSON names: the one whose path ends so.
fs::path image_named(const std::string& name, const ImagesByName& images, const fs::path& json) {
  std::string wanted = name;
  std::replace(wanted.begin(), wanted.end(), '\\', '/');
  while (wanted.starts_with("./")) wanted.erase(0, 2);
  std::vector<fs::path> found;
  const auto alike = images.find(fs::path(wanted).filename().string());
  if (alike != images.end()) {
    std::copy_if(alike->second.begin(), alike->second.end(), std::back_inserter(found),
                 [&](const fs::path& image) {
                   return ("/" + image.generic_string()).ends_with("/" + wanted);
                 });
  }
  DMF_CHECK(!found.empty(), IoError, "[data] {} lists the image {}, which is not there.",
            json.string(), escaped_name(name));
  DMF_CHECK(found.size() == 1, IoError, "[data] {} lists the image {}: it may be {} or {}.",
            json.string(), escaped_name(name), found[0].string(), found[1].string());
  return found.front();
}

bool fits(const Folder& folder, const DatasetOptions& options) {
  return !coco_files(folder, options).empty();
}

Dataset read(const Folder& folder, const DatasetOptions& options) {
  constexpr int kLevels = 3;
  std::vector<fs::path> images;
  collect_images(folder.path, kLevels, images);
  ImagesByName by_name;
  for (const fs::path& image : images) by_name[image.filename().string()].push_back(image);
  std::set<fs::path> listed;
  Dataset dataset;
  std::size_t empty = 0;
  for (const fs::path& file : coco_files(folder, options)) {
    std::string part;
    for (const std::string& word : words_of(name_key(file))) {
      if (!part_named(word).empty()) part = part_named(word);
    }
    for (Annotation& annotation : parse_coco(read_annotation_file(file), file)) {
      DatasetItem item;
      item.image = image_named(annotation.image, by_name, file);
      listed.insert(item.image);
      item.id = item.image.lexically_relative(folder.path).replace_extension("").string();
      item.part = part;
      if (annotation.shapes.empty()) ++empty;
      item.annotation = std::move(annotation);
      dataset.items.push_back(std::move(item));
    }
  }
  if (empty > 0) {
    dataset.notes.push_back(
        fmt::format("{} listed image{} without an annotation: taken as without lesion", empty,
                    empty == 1 ? "" : "s"));
  }
  for (const fs::path& image : images) {
    if (!listed.contains(image)) {
      dataset.unused.push_back({image, "is an image that no annotation file lists"});
    }
  }
  return dataset;
}

}  // namespace

const Layout coco_layout = {"COCO", "a COCO JSON with its images", fits, read};

}  // namespace dmf
