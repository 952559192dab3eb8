#include "apps/data/layouts/frames.h"

#include <algorithm>
#include <map>

#include "apps/data/layouts/name_keys.h"
#include "apps/image/codecs/image_file.h"
#include "apps/support/text.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// The number that a mask's name adds to its image's, as written; -1 without one.
int number_of_mask(const fs::path& mask, const fs::path& image) {
  constexpr std::size_t kMostDigits = 8;
  const std::string whole = name_key(mask), inner = name_key(image);
  for (std::size_t at = whole.find(inner); at != std::string::npos && !inner.empty();
       at = whole.find(inner, at + 1)) {
    const auto affix = affix_around(whole, inner, at);
    if (affix && !affix->number.empty() && affix->number.size() <= kMostDigits) {
      return std::stoi(affix->number);
    }
  }
  return -1;
}

/// An item of several frames, with its masks by the numbers in their names.
struct NamedFrames {
  int frames = 1;
  std::multimap<int, fs::path> masks;
};

[[noreturn]] void refuse_single_mask(const fs::path& mask, const DatasetItem& item, int frames) {
  const std::string stem = escaped_name(item.image.stem().string());
  throw IoError(fmt::format(
      "[data] {} has {} frames, its mask {} is of one and does not say which: name masks after "
      "their frames, {}{}.png to {}{}.png, or give masks of {} frames.",
      item.image.string(), frames, mask.string(), stem, frame_suffix(1), stem, frame_suffix(frames),
      frames));
}

/// return  the masks by their numbers; nothing where all have as many frames as the image
/// throws  IoError as expand_frames()
std::optional<NamedFrames> look_at_masks(const DatasetItem& item, int frames) {
  DMF_CHECK(!item.annotation, IoError,
            "[data] {} has {} frames, and its annotation in {} does not say of which it is: save "
            "the frames as images of their own, or give a LabelMe file a frame, {}{}.json.",
            item.image.string(), frames, item.annotation->file.string(),
            escaped_name(item.image.stem().string()), frame_suffix(1));
  NamedFrames named{frames, {}};
  std::size_t whole = 0;
  for (const fs::path& mask : item.masks) {
    const int own = count_frames(mask);
    DMF_CHECK(own == 1 || own == frames, IoError,
              "[data] mask {} has {} frames, its image {} {}: expected as many, or masks of one "
              "frame named after it.",
              mask.string(), own, item.image.string(), frames);
    if (own == frames) {
      ++whole;
      continue;
    }
    const int number = number_of_mask(mask, item.image);
    if (number < 0) refuse_single_mask(mask, item, frames);
    named.masks.emplace(number, mask);
  }
  if (whole == item.masks.size()) return std::nullopt;
  DMF_CHECK(whole == 0, IoError,
            "[data] {} has masks of {} frames and masks of one, as {}: say with --mask-names which "
            "to take.",
            item.image.string(), frames, named.masks.begin()->second.string());
  return named;
}

/// Where the numbers of masks begin in this data set.
int first_number(const std::map<std::size_t, NamedFrames>& named,
                 const std::vector<DatasetItem>& items, std::optional<int> first_frame) {
  if (first_frame) return *first_frame;
  fs::path zero, last;
  for (const auto& [i, each] : named) {
    const auto at_zero = each.masks.find(0), at_last = each.masks.find(each.frames);
    if (at_zero != each.masks.end()) zero = at_zero->second;
    if (at_last != each.masks.end()) last = at_last->second;
  }
  if (named.empty()) return 1;
  const DatasetItem& item = items[named.begin()->first];
  DMF_CHECK(zero.empty() || last.empty(), IoError,
            "[data] the frames' numbers in mask names begin at 0 ({}) and at 1 ({}): rename "
            "them alike, or give --first-frame 0 or 1.",
            zero.string(), last.string());
  DMF_CHECK(!zero.empty() || !last.empty(), IoError,
            "[data] {} has {} frames, and masks as {}: whether the first is number 0 or 1 cannot "
            "be told, as neither 0 nor {} is there. Give --first-frame 0 or 1.",
            item.image.string(), named.begin()->second.frames,
            named.begin()->second.masks.begin()->second.string(), named.begin()->second.frames);
  return zero.empty() ? 1 : 0;
}

DatasetItem frame_of(const DatasetItem& item, int frame, int number) {
  DatasetItem one = item;
  one.id += frame_suffix(number);
  one.frame = frame;
  return one;
}

/// Frames of an item's files; of its masks where its image has one.
struct FrameCounts {
  int image = 1;
  std::vector<int> masks;
};

/// Of all items, on every core: of a DICOM the whole file is looked at.
std::vector<FrameCounts> counted(const std::vector<DatasetItem>& items) {
  std::vector<FrameCounts> counts(items.size());
  rethrow_first(parallel_try(static_cast<Index>(items.size()), [&](Index at) {
    const auto i = static_cast<std::size_t>(at);
    counts[i].image = count_frames(items[i].image);
    if (counts[i].image > 1) return;
    for (const fs::path& mask : items[i].masks) counts[i].masks.push_back(count_frames(mask));
  }));
  return counts;
}

}  // namespace

int count_frames(const fs::path& path) {
  try {
    return frames_in(path);
  } catch (const IoError&) {
    return 1;
  }
}

std::string frame_suffix(int number) {
  return fmt::format("_frame{}", number);
}

void expand_frames(Dataset& dataset, std::optional<int> first_frame) {
  const std::vector<FrameCounts> counts = counted(dataset.items);
  std::vector<int> frames;
  std::map<std::size_t, NamedFrames> named;
  for (std::size_t i = 0; i < dataset.items.size(); ++i) {
    const DatasetItem& item = dataset.items[i];
    frames.push_back(counts[i].image);
    if (frames[i] > 1) {
      if (auto masks = look_at_masks(item, frames[i])) named.emplace(i, std::move(*masks));
      continue;
    }
    for (std::size_t m = 0; m < item.masks.size(); ++m) {
      const int own = counts[i].masks[m];
      DMF_CHECK(own == 1, IoError,
                "[data] mask {} has {} frames, its image {} one: expected one. Save the frame that "
                "was drawn on it as a file of its own.",
                item.masks[m].string(), own, item.image.string());
    }
  }
  const int first = first_number(named, dataset.items, first_frame);
  std::vector<DatasetItem> items;
  std::vector<std::string> incomplete;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    DatasetItem& item = dataset.items[i];
    if (frames[i] == 1) {
      items.push_back(std::move(item));
      continue;
    }
    const auto found = named.find(i);
    if (found == named.end()) {
      for (int frame = 0; frame < frames[i]; ++frame) {
        items.push_back(frame_of(item, frame, frame + 1));
        items.back().mask_frame = frame;
      }
      continue;
    }
    int with_mask = 0;
    const auto& masks = found->second.masks;
    for (auto mask = masks.begin(); mask != masks.end(); ++with_mask) {
      const int number = mask->first;
      DMF_CHECK(number >= first && number - first < frames[i], IoError,
                "[data] mask {} is named after frame {} of {}, which has the frames {} to {}.",
                mask->second.string(), number, item.image.string(), first, first + frames[i] - 1);
      items.push_back(frame_of(item, number - first, number));
      items.back().masks.clear();
      for (; mask != masks.end() && mask->first == number; ++mask) {
        items.back().masks.push_back(mask->second);
      }
    }
    if (with_mask < frames[i]) {
      incomplete.push_back(fmt::format("{} of {} of {}", frames[i] - with_mask, frames[i],
                                       escaped_name(item.image.filename().string())));
    }
  }
  dataset.items = std::move(items);
  if (!named.empty()) {
    dataset.notes.push_back(
        fmt::format("masks are named after frames, the first of which is {}", first));
  }
  if (!incomplete.empty()) {
    dataset.notes.push_back(
        fmt::format("frames without a mask are left out: {}", first_few(incomplete)));
  }
}

}  // namespace dmf
