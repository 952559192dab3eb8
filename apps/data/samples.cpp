#include "apps/data/samples.h"

#include <algorithm>
#include <atomic>

#include "apps/data/mask_notes.h"
#include "apps/support/text.h"
#include "apps/support/within_memory.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"

namespace dmf {
namespace {

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  }
}

[[noreturn]] void refuse_for_memory(const DatasetItem& item) {
  MemoryUser("while reading " + item.image.string() + " and its masks",
             "Fewer --threads read fewer images at a time, a smaller --cache-mb keeps fewer")
      .fail();
}

/// Memory that may still be taken, by any thread.
class Budget {
 public:
  explicit Budget(std::size_t bytes) : left_(bytes) {}
  bool take(std::size_t bytes) {
    std::size_t left = left_.load();
    while (left >= bytes) {
      if (left_.compare_exchange_weak(left, left - bytes)) return true;
    }
    return false;
  }

 private:
  std::atomic<std::size_t> left_;
};

bool has_lesion(const LabelMap& labels, int ignored) {
  return std::any_of(labels.labels.begin(), labels.labels.end(),
                     [=](std::int32_t label) { return label > 0 && label != ignored; });
}

/// Of the pixels that are not ignored.
double share_of_lesion(const LabelMap& labels, int ignored) {
  std::size_t lesion = 0, labelled = 0;
  for (const std::int32_t label : labels.labels) {
    if (label == ignored) continue;
    ++labelled;
    lesion += label > 0 ? 1u : 0u;
  }
  return static_cast<double>(lesion) / static_cast<double>(std::max<std::size_t>(labelled, 1));
}

/// Of outlines there is nothing to understand: their labels are the classes.
MaskEncoding encoding_of_annotations(const std::vector<std::string>& names, int classes) {
  MaskEncoding encoding;
  encoding.classes = classes > 0 ? classes : static_cast<int>(names.size()) + 1;
  encoding.values.clear();
  for (int c = 0; c < encoding.classes; ++c) encoding.values.push_back({c});
  std::vector<std::string> each;
  for (const std::string& name : names) {
    each.push_back(fmt::format("{} is class {}", name, each.size() + 1));
  }
  encoding.evidence =
      fmt::format("drawn from annotations, later shapes over earlier: {}", fmt::join(each, ", "));
  return encoding;
}

/// Of the network's pixels, which cover more of the image, perhaps more of one axis, than its own.
std::optional<Spacing> spacing_at_network(const RawImage& image, const PreprocessSpec& spec) {
  if (!image.spacing) return std::nullopt;
  const Placement place = placement(spec, image.height, image.width);
  return Spacing{(*image.spacing)[0] * image.height / place.height,
                 (*image.spacing)[1] * image.width / place.width};
}

std::string dark_note(int brightest, int largest) {
  return fmt::format(
      "warning: {}-bit images whose largest value is {} of {}: intensities reach {:.2f} only; give "
      "--white-level {}",
      largest > 255 ? 16 : 8, brightest, largest, static_cast<double>(brightest) / largest,
      brightest);
}

}  // namespace

/// A mask of which no label is known yet, with its pixels where those are kept: the places of their
/// codes, or the file's samples where there are too many codes.
struct ReadMask {
  SurveyedMask survey;
  RawImage raw;

  std::size_t bytes() const {
    return survey.plane.size() + raw.samples.size() * sizeof(raw.samples[0]) + raw.indices.size();
  }
  void drop_pixels() {
    survey.plane = {};
    raw = {};
  }
  LabelMap labels(const MaskEncoding& encoding) const {
    return survey.plane.empty() ? to_labels(survey.facts.path, raw, encoding)
                                : to_labels(survey, encoding);
  }
  Image probabilities(const MaskEncoding& encoding) const {
    return survey.plane.empty() ? to_probabilities(raw, encoding)
                                : to_probabilities(survey, encoding);
  }
};

namespace {

/// Of all masks of an item.
LabelMap united_labels(const std::vector<ReadMask>& masks, const MaskEncoding& encoding) {
  LabelMap labels = masks.front().labels(encoding);
  for (std::size_t m = 1; m < masks.size(); ++m) {
    unite(labels, masks[m].labels(encoding), encoding.ignored);
  }
  return labels;
}
Image united_probabilities(const std::vector<ReadMask>& masks, const MaskEncoding& encoding) {
  Image lesion = masks.front().probabilities(encoding);
  for (std::size_t m = 1; m < masks.size(); ++m) unite(lesion, masks[m].probabilities(encoding));
  return lesion;
}

/// Levels that tell two piles apart are no probabilities, nor are outlines.
void require_probability_maps(const MaskEncoding& encoding, bool are_masks) {
  DMF_CHECK(are_masks && encoding.kind == MaskEncoding::Kind::threshold && encoding.white == 0,
            IoError,
            "[soft-labels] got {}, expected masks that are probability maps of two classes. Hint: "
            "--probability-masks, if they are.",
            are_masks ? "masks of " + encoding.describe() : "annotations");
}

}  // namespace

/// An item of which the files are read and no label is known yet.
struct SampleSet::Decoded {
  int height = 0, width = 0;  // of the image, its own
  Image image;                // preprocessed
  std::vector<ReadMask> masks;
  Turned turned = Turned::none;
  int brightest = 0, largest = 255;  // of the image's samples
  std::string hash;                  // of the image
  ItemHeader header;
  std::vector<std::string> warnings;  // of the file readers
};

SampleSet::Decoded SampleSet::decode(const DatasetItem& item) const {
  ItemFiles files = read_files(item, options_.exif);
  const RawImage& image = files.image;
  Decoded decoded;
  decoded.height = image.height;
  decoded.width = image.width;
  decoded.turned = files.turned;
  decoded.header = {image.patient, image.spacing, spacing_at_network(image, options_.preprocess)};
  decoded.hash = hash_of_image(image);
  for (const std::string& warning : image.warnings) {
    decoded.warnings.push_back(fmt::format("{} {}", item.image.string(), warning));
  }
  for (std::size_t m = 0; m < files.masks.size(); ++m) {
    for (const std::string& warning : files.masks[m].warnings) {
      decoded.warnings.push_back(fmt::format("{} {}", item.masks[m].string(), warning));
    }
  }
  if (item.annotation) draw(*item.annotation, image.height, image.width);  // which checks sizes
  decoded.largest = image.largest;
  decoded.brightest = *std::max_element(image.samples.begin(), image.samples.end());
  for (std::size_t m = 0; m < files.masks.size(); ++m) {
    const auto& path = item.masks[m];
    RawImage& mask = files.masks[m];
    check_mask_size(mask, path, item, image.height, image.width);
    DMF_CHECK(
        !is_its_image(mask, image), IoError,
        "[data] mask {} holds the same pixels as its image {}: expected what was drawn on it.",
        path.string(), item.image.string());
    decoded.masks.push_back({survey_mask(path, mask), {}});
    if (decoded.masks.back().survey.plane.empty()) decoded.masks.back().raw = std::move(mask);
  }
  decoded.image = preprocess(image, options_.preprocess);
  return decoded;
}

SampleSet::SampleSet(Dataset dataset, const SampleSetOptions& options)
    : dataset_(std::move(dataset)), options_(options) {
  check_mask_options(options.masks);
  std::vector<DatasetItem>& items = dataset_.items;
  const auto count = static_cast<Index>(items.size());
  const auto side = static_cast<std::size_t>(options.preprocess.size);
  const bool soft = options.soft_labels;
  const std::size_t label_bytes = side * side * (sizeof(std::int32_t) + (soft ? sizeof(float) : 0));
  const std::size_t image_bytes =
      side * side * static_cast<std::size_t>(options.preprocess.channels) * sizeof(float);
  Budget budget(options.cache_bytes);

  // What is kept between reading and understanding: the image with room for its labels, and the
  // masks' pixels. An item that does not fit is read again.
  std::vector<Decoded> decoded(items.size());
  std::vector<char> image_kept(items.size()), masks_kept(items.size());
  std::atomic<std::size_t> read = 0;
  std::vector<std::exception_ptr> errors = parallel_try(count, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    if (options.on_progress) options.on_progress("images read", ++read, items.size());
    Decoded own = decode(items[k]);
    std::size_t bytes = 0;
    for (const ReadMask& mask : own.masks) bytes += mask.bytes();
    image_kept[k] = budget.take(image_bytes + label_bytes);
    if (image_kept[k] == 0) own.image = Image();
    masks_kept[k] = image_kept[k] != 0 && budget.take(bytes);
    if (masks_kept[k] == 0) {
      for (ReadMask& mask : own.masks) mask.drop_pixels();
    }
    decoded[k] = std::move(own);
  });
  std::vector<std::size_t> sound;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!is_lack_of_memory(errors[i])) continue;
    decoded.clear();
    refuse_for_memory(items[i]);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (errors[i]) {
      broken_.push_back(text_of(errors[i]));
    } else {
      sound.push_back(i);
    }
  }
  DMF_CHECK(broken_.empty() || options.skip_broken, IoError,
            "[data] {} of {} images cannot be used (--skip-broken leaves them out): {}",
            broken_.size(), items.size(), fmt::join(broken_, " | "));
  DMF_CHECK(!sound.empty(), IoError, "[data] none of the {} images in {} can be used: {}",
            items.size(), dataset_.root.string(),
            broken_.empty() ? "there are none" : broken_.front());

  std::vector<MaskFacts> masks;
  int brightest = 0, largest = 255;
  std::size_t as_tagged = 0, as_stored = 0;
  std::vector<std::string> odd;
  for (const std::size_t i : sound) {
    as_tagged += decoded[i].turned == Turned::as_tagged ? 1u : 0u;
    as_stored += decoded[i].turned == Turned::as_stored ? 1u : 0u;
    for (const ReadMask& mask : decoded[i].masks) masks.push_back(mask.survey.facts);
    odd.insert(odd.end(), decoded[i].warnings.begin(), decoded[i].warnings.end());
    largest = std::max(largest, decoded[i].largest);
    brightest = std::max(brightest, decoded[i].brightest);
  }
  if (options.encoding) {
    encoding_ = *options.encoding;
  } else if (dataset_.class_names.empty()) {
    encoding_ = choose_mask_encoding(masks, options.masks);
  } else {
    encoding_ = encoding_of_annotations(dataset_.class_names, options.masks.classes);
  }
  if (options.soft_labels) require_probability_maps(encoding_, dataset_.class_names.empty());
  notes_ = mask_notes(masks, encoding_);
  const bool dark = largest > 255 && 2 * brightest < largest;
  if (dark && options.preprocess.white_level == 0) notes_.push_back(dark_note(brightest, largest));
  masks.clear();
  if (!odd.empty()) notes_.push_back("warning: " + first_few(odd));
  if (as_tagged + as_stored > 0) {
    notes_.push_back(fmt::format(
        "images with an EXIF orientation: {} turned as it says, {} left as stored{}", as_tagged,
        as_stored, options.exif == Exif::as_masks_fit ? ", as their masks fit" : ""));
  }

  std::vector<DatasetItem> kept;
  for (const std::size_t i : sound) kept.push_back(std::move(items[i]));
  items = std::move(kept);
  cache_.resize(items.size());
  lesions_.resize(items.size());
  hashes_.resize(items.size());
  for (const std::size_t i : sound) headers_.push_back(std::move(decoded[i].header));
  std::atomic<std::size_t> understood = 0;
  errors = parallel_try(static_cast<Index>(items.size()), [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    if (options.on_progress) options.on_progress("masks understood", ++understood, items.size());
    const std::size_t from = sound[k];
    Decoded& own = decoded[from];
    LabelMap labels;
    Image lesion;
    if (items[k].annotation) {
      labels = draw(*items[k].annotation, own.height, own.width);
    } else if (masks_kept[from] == 0) {
      labels = read_labels(items[k], encoding_, options_.exif);
      if (soft) lesion = probabilities_in(read_files(items[k], options_.exif), encoding_);
    } else {
      labels = united_labels(own.masks, encoding_);
      if (soft) lesion = united_probabilities(own.masks, encoding_);
    }
    own.masks.clear();
    hashes_[k] = {own.hash, soft ? hash_of_probabilities(lesion) : hash_of_labels(labels)};
    ResizedLabels resized = preprocess(labels, options_.preprocess, encoding_.ignored);
    lesions_[k] = {
        share_of_lesion(labels, encoding_.ignored), resized.kept, resized.lost,
        has_lesion(labels, encoding_.ignored) && !has_lesion(resized.labels, encoding_.ignored)};
    if (image_kept[from] != 0) {
      cache_[k] = Sample{std::move(own.image), std::move(resized.labels)};
      if (soft) cache_[k]->lesion = preprocess_probabilities(lesion, options_.preprocess);
    }
  });
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!errors[i]) continue;
    if (is_lack_of_memory(errors[i])) {
      decoded.clear();
      cache_.clear();
      refuse_for_memory(items[i]);
    }
    throw IoError(text_of(errors[i]));
  }
}

Sample SampleSet::sample(std::size_t i) const {
  if (cache_[i]) return *cache_[i];
  const ItemFiles files = read_files(item(i), options_.exif);
  const LabelMap labels = labels_in(files, item(i), encoding_);
  Sample sample{preprocess(files.image, options_.preprocess),
                preprocess(labels, options_.preprocess, encoding_.ignored).labels};
  if (options_.soft_labels) {
    sample.lesion =
        preprocess_probabilities(probabilities_in(files, encoding_), options_.preprocess);
  }
  return sample;
}

LabelMap SampleSet::own_labels(std::size_t i) const {
  return read_labels(dataset_.items[i], encoding_, options_.exif);
}

DataRecord SampleSet::record() const {
  DataRecord record;
  for (std::size_t i = 0; i < hashes_.size(); ++i) record.emplace(item(i).id, hashes_[i]);
  return record;
}

std::pair<RawImage, LabelMap> SampleSet::own(std::size_t i) const {
  const DatasetItem& item = dataset_.items[i];
  ItemFiles files = read_files(item, options_.exif);
  LabelMap labels = labels_in(files, item, encoding_);
  return {std::move(files.image), std::move(labels)};
}

}  // namespace dmf
