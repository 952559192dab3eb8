#include "apps/data/samples.h"

#include <algorithm>
#include <optional>

#include "engine/core/check.h"
#include "engine/core/parallel.h"

namespace dmf {
namespace {

RawImage read_mask(const std::filesystem::path& path, const DatasetItem& item, int height,
                   int width) {
  RawImage mask = read_image(path);
  DMF_CHECK(mask.height == height && mask.width == width, IoError,
            "[data] mask {} is {} x {}, its image {} is {} x {}: expected the same size.",
            path.string(), mask.width, mask.height, item.image.string(), width, height);
  return mask;
}

/// The error's text, or none where the task succeeds. Errors must not leave a parallel loop.
template <class Task>
std::optional<std::string> error_of(const Task& task) {
  try {
    task();
  } catch (const std::exception& error) {
    return error.what();
  }
  return std::nullopt;
}

/// Size and value of every mask, checked against its image.
std::vector<MaskValues> scan_masks(const DatasetItem& item) {
  const RawImage image = read_image(item.image);
  std::vector<MaskValues> scanned;
  for (const auto& path : item.masks) {
    const RawImage mask = read_mask(path, item, image.height, image.width);
    const std::vector<int> values = grey_values(mask);
    scanned.push_back({path, mask.largest, {}});
    std::vector<bool> seen(static_cast<std::size_t>(mask.largest) + 1);
    for (const int value : values) seen[static_cast<std::size_t>(value)] = true;
    for (std::size_t v = 0; v < seen.size(); ++v) {
      if (seen[v]) scanned.back().values.insert(static_cast<int>(v));
    }
  }
  return scanned;
}

}  // namespace

LabelMap read_labels(const DatasetItem& item, const MaskRule& rule) {
  LabelMap labels = to_labels(read_image(item.masks.front()), rule);
  for (std::size_t i = 1; i < item.masks.size(); ++i) {
    unite(labels, to_labels(read_mask(item.masks[i], item, labels.height, labels.width), rule));
  }
  return labels;
}

SampleSet::SampleSet(Dataset dataset, const SampleSetOptions& options)
    : dataset_(std::move(dataset)), options_(options) {
  std::vector<DatasetItem>& items = dataset_.items;
  std::vector<std::vector<MaskValues>> scanned(items.size());
  std::vector<std::optional<std::string>> errors(items.size());
  parallel_for(static_cast<Index>(items.size()), [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    errors[k] = error_of([&] { scanned[k] = scan_masks(items[k]); });
  });
  std::vector<DatasetItem> sound;
  std::vector<MaskValues> masks;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (errors[i]) {
      broken_.push_back(*errors[i]);
      continue;
    }
    sound.push_back(items[i]);
    masks.insert(masks.end(), scanned[i].begin(), scanned[i].end());
  }
  DMF_CHECK(broken_.empty() || options.skip_broken, IoError,
            "[data] {} of {} images cannot be used (--skip-broken leaves them out): {}",
            broken_.size(), items.size(), fmt::join(broken_, " | "));
  DMF_CHECK(!sound.empty(), IoError, "[data] none of the {} images in {} can be used: {}",
            items.size(), dataset_.root.string(), broken_.front());
  items = std::move(sound);
  rule_ = choose_mask_rule(masks, options.classes, options.mask_threshold);

  const auto side = static_cast<std::size_t>(options.preprocess.size);
  const std::size_t bytes_each =
      side * side *
      (static_cast<std::size_t>(options.preprocess.channels) * sizeof(float) +
       sizeof(std::int32_t));
  cache_.resize(std::min(items.size(), options.cache_bytes / bytes_each));
  lesion_shares_.resize(items.size());
  hashes_.resize(items.size());
  errors.assign(items.size(), std::nullopt);
  parallel_for(static_cast<Index>(items.size()), [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    errors[k] = error_of([&] {
      Sample sample = load(items[k], &hashes_[k]);
      const auto lesion = std::count_if(sample.labels.labels.begin(), sample.labels.labels.end(),
                                        [](std::int32_t label) { return label > 0; });
      lesion_shares_[k] =
          static_cast<double>(lesion) / static_cast<double>(sample.labels.labels.size());
      if (k < cache_.size()) cache_[k] = std::move(sample);
    });
  });
  for (const auto& error : errors) {
    if (error) throw IoError(*error);
  }
}

Sample SampleSet::sample(std::size_t i) const {
  return i < cache_.size() ? cache_[i] : load(dataset_.items[i]);
}

DataRecord SampleSet::record() const {
  DataRecord record;
  for (std::size_t i = 0; i < hashes_.size(); ++i) record.emplace(item(i).id, hashes_[i]);
  return record;
}

Sample SampleSet::load(const DatasetItem& item, ItemHashes* hashes) const {
  const RawImage image = read_image(item.image);
  const LabelMap labels = read_labels(item, rule_);
  if (hashes != nullptr) *hashes = hashes_of(image, labels);
  return {preprocess(image, options_.preprocess), preprocess(labels, options_.preprocess)};
}

}  // namespace dmf
