#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/data/data_record.h"
#include "apps/data/item_files.h"
#include "apps/data/layouts/dataset.h"
#include "apps/image/masks/mask_choice.h"
#include "apps/image/preprocess.h"
#include "apps/image/sample.h"
#include "apps/support/progress.h"

namespace dmf {

/// What the file of an item's image says beside its pixels: of a DICOM, else nothing.
struct ItemHeader {
  std::string patient;             // a hash of the PatientID; empty without one
  std::optional<Spacing> spacing;  // of the image's own pixels
  std::optional<Spacing> spacing_at_network;
};

struct SampleSetOptions {
  PreprocessSpec preprocess;
  MaskOptions masks;
  std::optional<MaskEncoding> encoding;  // a run's own: applied, not decided again
  Exif exif = Exif::as_masks_fit;        // what is done with the orientation of an image
  bool skip_broken = false;
  bool soft_labels = false;  // keep the probabilities of masks that are such
  std::size_t cache_bytes = std::size_t{2} << 30;
  CountProgress on_progress;  // while files are read
};

/// All items of a data set, each decoded once, on every core; then the masks are understood
/// together, and images and labels preprocessed. What fits into the budget stays in memory; the
/// rest is decoded again when asked for.
class SampleSet {
 public:
  /// throws  IoError listing every item that cannot be used (unreadable image or mask, sizes that
  ///         differ, a mask that is its own image, an EXIF orientation that leaves a doubt),
  ///         unless skip_broken: then those are left out; and for masks that no one encoding
  ///         explains, or none of probability maps with soft_labels; DeviceError naming the file that memory did not suffice for, with
  ///         skip_broken too: what is learnt does not depend on the machine
  SampleSet(Dataset dataset, const SampleSetOptions& options);

  std::size_t size() const { return dataset_.items.size(); }
  const Dataset& dataset() const { return dataset_; }
  const DatasetItem& item(std::size_t i) const { return dataset_.items[i]; }
  Sample sample(std::size_t i) const;
  /// The image as its file holds it, turned as its masks are, and its labels, both at their own size.
  std::pair<RawImage, LabelMap> own(std::size_t i) const;
  /// The labels alone, for which the image is not read where it need not be.
  LabelMap own_labels(std::size_t i) const;
  const ItemHeader& header(std::size_t i) const { return headers_[i]; }
  const MaskEncoding& mask_encoding() const { return encoding_; }
  /// One line for each item left out.
  const std::vector<std::string>& broken() const { return broken_; }
  /// Lines that a user should see: masks that look inverted, dark 16-bit images, ...
  const std::vector<std::string>& notes() const { return notes_; }
  /// An item's lesions, in its file and at the network's size.
  struct Lesions {
    double share = 0.0;  // of the labelled pixels, at the file's own size
    int kept = 0;        // would have vanished at the network's, and got a pixel
    int lost = 0;        // have no pixel
    bool all_lost = false;
  };
  const Lesions& lesions(std::size_t i) const { return lesions_[i]; }
  /// Hashes of all items as they were read.
  DataRecord record() const;

 private:
  struct Decoded;
  Decoded decode(const DatasetItem& item) const;

  Dataset dataset_;
  SampleSetOptions options_;
  MaskEncoding encoding_;
  std::vector<std::optional<Sample>> cache_;  // what fits into the budget
  std::vector<Lesions> lesions_;
  std::vector<ItemHashes> hashes_;
  std::vector<ItemHeader> headers_;
  std::vector<std::string> broken_, notes_;
};

}  // namespace dmf
