#pragma once

#include <map>
#include <optional>
#include <string>

#include "apps/image/image.h"

namespace dmf {

/// What tells one item of a data set from what it was before: hashes of its pixels and labels as
/// decoded, at the file's own size. How a file encodes them makes no difference.
struct ItemHashes {
  std::string image, labels;
};

/// Of every item of a data set, by its id.
using DataRecord = std::map<std::string, ItemHashes>;

/// Of an image as read: a grey image saved as RGB, with an opaque channel more or with 16 bits that
/// say no more than 8 hashes the same.
std::string hash_of_image(const RawImage& image);
/// Of all the item's masks together.
std::string hash_of_labels(const LabelMap& labels);
/// Of probabilities of a lesion in the place of labels.
std::string hash_of_probabilities(const Image& lesion);

/// One hash of a whole record.
std::string fingerprint_of(const DataRecord& record);

/// What changed between two records in half a sentence, or none: "3 of 700 images have changed,
/// first 'case03' (labels)"; so too of images that are gone or new.
std::optional<std::string> data_change(const DataRecord& before, const DataRecord& now);

}  // namespace dmf
