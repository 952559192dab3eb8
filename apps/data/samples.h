#pragma once

#include <string>
#include <vector>

#include "apps/data/data_record.h"
#include "apps/data/dataset.h"
#include "apps/image/mask.h"
#include "apps/image/preprocess.h"

namespace dmf {

/// An image as the network sees it, with its truth.
struct Sample {
  Image image;
  LabelMap labels;
};

/// The union of an item's masks.
///
/// throws  IoError for a mask that cannot be read or differs in size from the others
LabelMap read_labels(const DatasetItem& item, const MaskRule& rule);

struct SampleSetOptions {
  PreprocessSpec preprocess;
  int classes = 2;
  double mask_threshold = 0.5;
  bool skip_broken = false;
  std::size_t cache_bytes = std::size_t{2} << 30;
};

/// All items of a data set, each decoded and preprocessed once, on every core. What fits into the
/// budget stays in memory; the rest is decoded again when asked for.
class SampleSet {
 public:
  /// throws  IoError listing every item that cannot be used (unreadable image or mask, sizes that
  ///         differ, values that fit no rule), unless skip_broken: then those are left out
  SampleSet(Dataset dataset, const SampleSetOptions& options);

  std::size_t size() const { return dataset_.items.size(); }
  const Dataset& dataset() const { return dataset_; }
  const DatasetItem& item(std::size_t i) const { return dataset_.items[i]; }
  Sample sample(std::size_t i) const;
  const MaskRule& mask_rule() const { return rule_; }
  /// One line for each item left out.
  const std::vector<std::string>& broken() const { return broken_; }
  /// Share of an item's labelled pixels that are not background, at the network's size.
  double lesion_share(std::size_t i) const { return lesion_shares_[i]; }
  /// Hashes of all items as they were read.
  DataRecord record() const;

 private:
  /// hashes  where they are wanted, of what was decoded
  Sample load(const DatasetItem& item, ItemHashes* hashes = nullptr) const;

  Dataset dataset_;
  SampleSetOptions options_;
  MaskRule rule_;
  std::vector<Sample> cache_;  // the first so many items
  std::vector<double> lesion_shares_;
  std::vector<ItemHashes> hashes_;
  std::vector<std::string> broken_;
};

}  // namespace dmf
