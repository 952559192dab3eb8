#include "apps/data/samples.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>

#include "apps/data/mask_notes.h"
#include "apps/image/upright.h"
#include "apps/support/text.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"

namespace dmf {
namespace {

/// What the EXIF orientation of an image came to.
enum class Turned { none, as_tagged, as_stored };

/// An item's files, the image turned as its masks are.
struct ItemFiles {
  RawImage image;
  std::vector<RawImage> masks;
  Turned turned = Turned::none;
};

/// Whether an image's EXIF orientation is to be applied so that its labels fit.
///
/// height, width        of the labels; 0 where that is not known
/// orientation_of_mask  its own tag, which has been applied
bool is_upright_meant(const RawImage& image, int height, int width, int orientation_of_mask,
                      const DatasetItem& item, const std::string& exif) {
  if (exif != "auto") return exif == "apply";
  const bool lies = image.orientation >= 5;  // turned by a quarter
  if (lies && image.height != image.width && height > 0) {
    return height == image.width && width == image.height;
  }
  if (orientation_of_mask == image.orientation) return true;
  throw IoError(fmt::format(
      "[data] image {} has the EXIF orientation {}, and its mask fits turned or not: give --exif "
      "apply if masks were drawn on the upright image, --exif ignore if on the pixels as stored.",
      item.image.string(), image.orientation));
}

ItemFiles read_files(const DatasetItem& item, const std::string& exif) {
  ItemFiles files;
  files.image = read_image(item.image);
  int orientation_of_mask = 1;
  for (const auto& path : item.masks) {
    RawImage mask = read_image(path);
    if (files.masks.empty()) orientation_of_mask = mask.orientation;
    files.masks.push_back(upright(std::move(mask)));
  }
  if (files.image.orientation != 1) {
    const bool drawn = item.annotation.has_value();
    const int height = drawn ? item.annotation->height : files.masks.front().height;
    const int width = drawn ? item.annotation->width : files.masks.front().width;
    const bool apply =
        is_upright_meant(files.image, height, width, orientation_of_mask, item, exif);
    files.turned = apply ? Turned::as_tagged : Turned::as_stored;
    if (apply) files.image = upright(std::move(files.image));
  }
  return files;
}

void check_size(const RawImage& mask, const std::filesystem::path& path, const DatasetItem& item,
                int height, int width) {
  DMF_CHECK(mask.height == height && mask.width == width, IoError,
            "[data] mask {} is {} x {}, its image {} is {} x {}: expected the same size.",
            path.string(), mask.width, mask.height, item.image.string(), width, height);
}

/// The labels of all masks of an item together, once all are upright.
LabelMap united(const std::vector<RawImage>& masks, const DatasetItem& item,
                const MaskEncoding& encoding) {
  LabelMap labels = to_labels(item.masks.front(), masks.front(), encoding);
  for (std::size_t m = 1; m < masks.size(); ++m) {
    check_size(masks[m], item.masks[m], item, labels.height, labels.width);
    unite(labels, to_labels(item.masks[m], masks[m], encoding), encoding.ignored);
  }
  return labels;
}

/// What a task threw, or none. Errors must not leave a parallel loop, and a text would take memory
/// that there may be none of.
template <class Task>
std::exception_ptr error_of(const Task& task) noexcept {
  try {
    task();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

bool is_lack_of_memory(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (const OutOfMemory&) {
    return true;
  } catch (...) {
    return false;
  }
}

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  }
}

[[noreturn]] void refuse_for_memory(const DatasetItem& item) {
  throw DeviceError(fmt::format(
      "[memory] out of memory while reading {} and its masks. Fewer --threads read fewer images at a "
      "time, a smaller --cache-mb keeps fewer.",
      item.image.string()));
}

/// Counts what the threads of a loop have done.
class Count {
 public:
  Count(const CountProgress& told, const char* what, std::size_t total)
      : told_(told), what_(what), total_(total) {}
  void one_more() {
    const std::size_t done = ++done_;
    if (told_) told_(what_, done, total_);
  }

 private:
  const CountProgress& told_;
  const char* what_;
  std::size_t total_;
  std::atomic<std::size_t> done_ = 0;
};

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

std::string dark_note(int brightest, int largest) {
  return fmt::format(
      "warning: {}-bit images whose largest value is {} of {}: intensities reach {:.2f} only; give "
      "--white-level {}",
      largest > 255 ? 16 : 8, brightest, largest, static_cast<double>(brightest) / largest,
      brightest);
}

}  // namespace

/// An item of which the files are read and no label is known yet.
struct SampleSet::Decoded {
  int height = 0, width = 0;        // of the image, its own
  Image image;                      // preprocessed
  std::vector<SurveyedMask> masks;  // with their planes, where those are kept
  Turned turned = Turned::none;
  int brightest = 0, largest = 255;   // of the image's samples
  std::string hash;                   // of the image
  std::vector<std::string> warnings;  // of the file readers
};

LabelMap read_labels(const DatasetItem& item, const MaskEncoding& encoding,
                     const std::string& exif) {
  if (item.annotation) {
    if (item.annotation->height > 0) {
      return draw(*item.annotation, item.annotation->height, item.annotation->width);
    }
    const RawImage image = read_files(item, exif).image;
    return draw(*item.annotation, image.height, image.width);
  }
  std::vector<RawImage> masks;
  for (const auto& path : item.masks) masks.push_back(upright(read_image(path)));
  return united(masks, item, encoding);
}

SampleSet::Decoded SampleSet::decode(const DatasetItem& item) const {
  const ItemFiles files = read_files(item, options_.exif);
  const RawImage& image = files.image;
  Decoded decoded;
  decoded.height = image.height;
  decoded.width = image.width;
  decoded.turned = files.turned;
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
    const RawImage& mask = files.masks[m];
    check_size(mask, path, item, image.height, image.width);
    DMF_CHECK(
        !is_its_image(mask, image), IoError,
        "[data] mask {} holds the same pixels as its image {}: expected what was drawn on it.",
        path.string(), item.image.string());
    decoded.masks.push_back(survey_mask(path, mask));
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
  const std::size_t label_bytes = side * side * sizeof(std::int32_t);
  const std::size_t image_bytes =
      side * side * static_cast<std::size_t>(options.preprocess.channels) * sizeof(float);
  Budget budget(options.cache_bytes);

  // What is kept between reading and understanding: the image with room for its labels, and the
  // masks' planes. An item that does not fit is read again.
  std::vector<Decoded> decoded(items.size());
  std::vector<std::exception_ptr> errors(items.size());
  std::vector<char> image_kept(items.size());
  std::vector<std::size_t> plane_bytes(items.size());  // kept; 0: none
  Count read(options.on_progress, "images read", items.size());
  parallel_for(count, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    errors[k] = error_of([&] {
      read.one_more();
      Decoded own = decode(items[k]);
      std::size_t bytes = 0;
      bool all = true;
      for (const SurveyedMask& mask : own.masks) {
        bytes += mask.plane.size();
        all &= !mask.plane.empty();
      }
      image_kept[k] = budget.take(image_bytes + label_bytes);
      if (image_kept[k] == 0) own.image = Image();
      if (image_kept[k] != 0 && all && budget.take(bytes)) {
        plane_bytes[k] = bytes;
      } else {
        for (SurveyedMask& mask : own.masks) mask.plane = {};
      }
      decoded[k] = std::move(own);
    });
  });
  std::vector<std::size_t> sound;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!errors[i] || !is_lack_of_memory(errors[i])) continue;
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
    for (const SurveyedMask& mask : decoded[i].masks) masks.push_back(mask.facts);
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
  notes_ = mask_notes(masks, encoding_);
  const bool dark = largest > 255 && 2 * brightest < largest;
  if (dark && options.preprocess.white_level == 0) notes_.push_back(dark_note(brightest, largest));
  masks.clear();
  if (!odd.empty()) notes_.push_back("warning: " + first_few(odd));
  if (as_tagged + as_stored > 0) {
    notes_.push_back(
        fmt::format("images with an EXIF orientation: {} turned as it says, {} left as stored{}",
                    as_tagged, as_stored, options.exif == "auto" ? ", as their masks fit" : ""));
  }

  std::vector<DatasetItem> kept;
  for (const std::size_t i : sound) kept.push_back(std::move(items[i]));
  items = std::move(kept);
  cache_.resize(items.size());
  lesions_.resize(items.size());
  hashes_.resize(items.size());
  errors.assign(items.size(), nullptr);
  Count understood(options.on_progress, "masks understood", items.size());
  parallel_for(static_cast<Index>(items.size()), [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    errors[k] = error_of([&] {
      understood.one_more();
      const std::size_t from = sound[k];
      Decoded& own = decoded[from];
      LabelMap labels;
      if (items[k].annotation) {
        labels = draw(*items[k].annotation, own.height, own.width);
      } else if (plane_bytes[from] == 0) {
        labels = read_labels(items[k], encoding_, options_.exif);
      } else {
        labels = to_labels(own.masks.front(), encoding_);
        for (std::size_t m = 1; m < own.masks.size(); ++m) {
          unite(labels, to_labels(own.masks[m], encoding_), encoding_.ignored);
        }
      }
      own.masks.clear();
      hashes_[k] = {own.hash, hash_of_labels(labels)};
      ResizedLabels resized = preprocess(labels, options_.preprocess, encoding_.ignored);
      lesions_[k] = {
          share_of_lesion(labels, encoding_.ignored), resized.kept, resized.lost,
          has_lesion(labels, encoding_.ignored) && !has_lesion(resized.labels, encoding_.ignored)};
      if (image_kept[from] != 0) {
        cache_[k] = Sample{std::move(own.image), std::move(resized.labels)};
      }
    });
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
  const auto [image, labels] = own(i);
  return {preprocess(image, options_.preprocess),
          preprocess(labels, options_.preprocess, encoding_.ignored).labels};
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
  LabelMap labels = item.annotation ? draw(*item.annotation, files.image.height, files.image.width)
                                    : united(files.masks, item, encoding_);
  return {std::move(files.image), std::move(labels)};
}

}  // namespace dmf
