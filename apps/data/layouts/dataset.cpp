#include "apps/data/layouts/dataset.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/data/annotations/json_reader.h"
#include "apps/data/annotations/label_classes.h"
#include "apps/data/annotations/labelme.h"
#include "apps/data/layouts/frames.h"
#include "apps/data/layouts/layout.h"
#include "apps/data/layouts/name_keys.h"
#include "apps/image/codecs/file_format.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

bool is_json(const fs::path& path) {
  return lower_case(path.extension().string()) == ".json";
}

/// Everything in the folders that the data set is made of, but what it uses.
class UnusedFinder {
 public:
  UnusedFinder(const Dataset& dataset, const std::vector<fs::path>& annotations) {
    for (const UnusedFile& each : dataset.unused) reasons_[each.path] = each.reason;
    for (const DatasetItem& item : dataset.items) {
      use(item.image);
      for (const fs::path& mask : item.masks) use(mask);
    }
    for (const fs::path& file : annotations) use(file);
    for (const auto& [path, reason] : reasons_) enter(path.parent_path());
  }

  std::vector<UnusedFile> in(const fs::path& folder) {
    walk(folder);
    std::vector<UnusedFile> unused;
    for (const auto& [path, reason] : reasons_) unused.push_back({path, reason});
    return unused;
  }

 private:
  void use(const fs::path& path) {
    used_.insert(path);
    enter(path.parent_path());
  }

  void enter(fs::path folder) {
    while (!folder.empty() && entered_.insert(folder).second) folder = folder.parent_path();
  }

  void walk(const fs::path& path) {
    const Folder folder = list_folder(path);
    for (const UnusedFile& each : folder.unused) reasons_.emplace(each.path, each.reason);
    for (const fs::path& file : folder.files) {
      if (used_.contains(file)) continue;
      reasons_.emplace(file, is_image_path(file) ? "is a picture without a place in this layout"
                             : is_json(file)     ? "is a JSON file that is not needed"
                                                 : why_unused(file));
    }
    for (const fs::path& child : folder.folders) {
      if (reasons_.contains(child)) continue;
      if (entered_.contains(child)) {
        walk(child);
      } else {
        reasons_.emplace(child, "is a folder without a place in this layout");
      }
    }
  }

  std::set<fs::path> used_, entered_;
  std::map<fs::path, std::string> reasons_;
};

/// The LabelMe files that stand among an item's masks.
std::vector<Annotation> labelme_of(const DatasetItem& item,
                                   const std::map<std::string, fs::path>& images) {
  std::vector<Annotation> annotations;
  const auto files = std::count_if(item.masks.begin(), item.masks.end(), is_json);
  if (files == 0) return annotations;
  DMF_CHECK(static_cast<std::size_t>(files) == item.masks.size(), IoError,
            "[data] {} has the mask {} and the annotation {}: say with --mask-names which to take.",
            item.image.string(),
            std::find_if_not(item.masks.begin(), item.masks.end(), is_json)->string(),
            std::find_if(item.masks.begin(), item.masks.end(), is_json)->string());
  for (const fs::path& file : item.masks) {
    Annotation annotation = parse_labelme(read_annotation_file(file), file);
    std::string named = annotation.image;
    std::replace(named.begin(), named.end(), '\\', '/');
    // It may have been renamed or converted since, but not into another image that is there.
    const auto other = images.find(lower_case(fs::path(named).filename().string()));
    DMF_CHECK(other == images.end() || other->second == item.image ||
                  lower_case(item.image.filename().string()) == other->first,
              IoError, "[data] {} lies with {} but says that it is of {}: rename one.",
              file.string(), item.image.string(), escaped_name(annotation.image));
    annotations.push_back(std::move(annotation));
  }
  return annotations;
}

/// Adds the shapes of another file of the same image, over those that are there.
void unite(Annotation& annotation, Annotation other) {
  if (annotation.height == 0) {
    annotation.height = other.height;
    annotation.width = other.width;
  }
  DMF_CHECK(
      other.height == 0 || (other.height == annotation.height && other.width == annotation.width),
      IoError, "[data] {} says that its image is {} x {}, {} that it is {} x {}: correct one.",
      annotation.file.string(), annotation.width, annotation.height, other.file.string(),
      other.width, other.height);
  std::move(other.shapes.begin(), other.shapes.end(), std::back_inserter(annotation.shapes));
}

/// Replaces LabelMe files among the masks by what they say, and gives all outlines their class.
///
/// return  the files that were read
std::vector<fs::path> read_annotations(Dataset& dataset, const DatasetOptions& options) {
  std::map<std::string, fs::path> images;
  for (const DatasetItem& item : dataset.items) {
    images.emplace(lower_case(item.image.filename().string()), item.image);
  }
  std::vector<std::vector<Annotation>> of_item(dataset.items.size());
  std::vector<Annotation*> all;
  std::size_t annotated = 0;
  for (std::size_t i = 0; i < of_item.size(); ++i) {
    DatasetItem& item = dataset.items[i];
    of_item[i] = labelme_of(item, images);
    if (item.annotation) of_item[i].push_back(std::move(*item.annotation));
    for (Annotation& each : of_item[i]) all.push_back(&each);
    annotated += of_item[i].empty() ? 0u : 1u;
  }
  DMF_CHECK(annotated == 0 || annotated == dataset.items.size(), IoError,
            "[data] {} of {} images in {} have annotations, the others masks: say with "
            "--mask-names which to take.",
            annotated, dataset.items.size(), dataset.root.string());
  dataset.class_names = assign_label_classes(all, options.label_classes);
  std::vector<fs::path> files;
  for (const Annotation* each : all) files.push_back(each->file);
  for (std::size_t i = 0; i < of_item.size() && annotated > 0; ++i) {
    DatasetItem& item = dataset.items[i];
    item.masks.clear();
    item.annotation = std::move(of_item[i].front());
    for (std::size_t k = 1; k < of_item[i].size(); ++k) {
      unite(*item.annotation, std::move(of_item[i][k]));
    }
  }
  return files;
}

bool is_phantom_record(const fs::path& file) {
  if (std::error_code error; !fs::is_regular_file(file, error)) return false;
  constexpr std::uintmax_t kMost = 1 << 16;
  const auto json = nlohmann::json::parse(read_file(file, kMost), nullptr, false);
  return json.is_object() && json.value("simulated", nlohmann::json()) == true;
}

[[noreturn]] void refuse_nothing_found(const fs::path& folder) {
  std::vector<std::string> expected;
  for (const Layout* layout : layouts()) expected.emplace_back(layout->expected);
  const FoundFiles files = files_below(folder, 4, why_no_image);
  const bool has_images = !files.files.empty();
  const std::string left_out = describe_unused(files.unused);
  throw IoError(fmt::format(
      "[data] found no images{} in {}: it holds {}{}. Expected {}, there or up to three folders "
      "below.",
      has_images ? " with masks" : "", folder.string(), describe_contents(folder),
      left_out.empty() ? "" : "; " + left_out, fmt::join(expected, ", or ")));
}

}  // namespace

Dataset find_dataset(const fs::path& folder, const DatasetOptions& options) {
  std::error_code error;
  DMF_CHECK(fs::is_directory(folder, error), IoError,
            "[data] {} is not a folder: expected one with images and masks.", folder.string());
  constexpr int kLevels = 3;
  std::optional<Dataset> found = find_layout(folder, options, kLevels);
  if (!found) refuse_nothing_found(folder);
  Dataset& dataset = *found;
  DMF_CHECK(!dataset.items.empty(), IoError, "[data] {} has no images: it holds {}.",
            dataset.root.string(), describe_contents(dataset.root));
  expand_frames(dataset, options.first_frame);
  std::vector<fs::path> read = read_annotations(dataset, options);
  for (const fs::path& place : std::set{folder, dataset.root}) {
    if (is_phantom_record(place / kPhantomRecord)) {
      read.push_back(place / kPhantomRecord);
      dataset.simulated = true;
    }
  }
  if (dataset.simulated) {
    dataset.layout = fmt::format("simulated ({} layout)", dataset.layout);
    dataset.published.clear();
  }
  for (DatasetItem& item : dataset.items) item.id = escaped_name(item.id);
  std::sort(dataset.items.begin(), dataset.items.end(),
            [](const DatasetItem& a, const DatasetItem& b) { return natural_less(a.id, b.id); });
  const auto twice =
      std::adjacent_find(dataset.items.begin(), dataset.items.end(),
                         [](const DatasetItem& a, const DatasetItem& b) { return a.id == b.id; });
  DMF_CHECK(twice == dataset.items.end(), IoError,
            "[data] {} and {} would have the same name, '{}': rename or remove one.",
            twice->image.string(), (twice + 1)->image.string(), twice->id);
  dataset.unused = UnusedFinder(dataset, read).in(folder);
  return std::move(dataset);
}

std::string describe_unused(const Dataset& dataset) {
  return describe_unused(dataset.unused);
}

void check_class_count(const Dataset& dataset, int classes) {
  const auto named = static_cast<int>(dataset.class_names.size());
  DMF_CHECK(named < classes, ValueError,
            "[data] the annotations have {} labels, {}: give --num-classes {}, or unite them with "
            "--label-classes \"{}\".",
            named, fmt::join(dataset.class_names, ", "), named + 1,
            fmt::join(dataset.class_names, "+"));
}

}  // namespace dmf
