#pragma once

#include <deque>
#include <future>
#include <optional>
#include <vector>

#include "apps/data/augmentation/composition.h"
#include "apps/data/samples.h"
#include "engine/ops/labels.h"

namespace dmf {

/// Images of a step: all of them, or the part that a process prepares.
struct Batch {
  Tensor<float> images;            // [N, H, W, C], intensities in [0, 1]
  Labels labels;                   // [N, H, W]
  std::vector<std::size_t> items;  // of the whole batch
  Tensor<float> soft_labels = {};  // [N, H, W, 2], where the samples have probabilities

  /// What the losses compare with.
  PixelLabels<float> labels_of_losses() const {
    return soft_labels.defined() ? PixelLabels<float>(soft_labels) : PixelLabels<float>(labels);
  }
};

/// The images of samples, all of one size, side by side: [N, H, W, C].
Tensor<float> stack_images(const std::vector<Sample>& samples);

/// The same with their labels.
///
/// throws  ValueError naming the first label that is none of so many classes, nor the one to ignore
Batch make_batch(const std::vector<Sample>& samples, std::vector<std::size_t> items, Index classes,
                 std::int32_t ignore_index = kNoIgnore);

struct LoaderOptions {
  int batch = 32;                 // largest number of images in one
  Composition augmentation = {};  // none
  bool shuffle = false;
  std::uint64_t seed = 1;
  int ahead = 1;              // batches that are prepared at a time, each on a thread of its own
  Index part = 0, parts = 1;  // of every batch: what of it is prepared, see even_share()
};

/// The batches of an epoch, in order. While the caller works on one, the next are prepared. Order
/// and augmentation depend on seed and epoch alone.
///
/// Batches differ by at most one image in size: 385 images in batches of 16 are 25 batches of 15 or
/// 16, not 24 of 16 and one of a single image, whose batch-norm statistics would be poor.
class Loader {
 public:
  Loader(const SampleSet& samples, std::vector<std::size_t> items, const LoaderOptions& options);

  std::size_t batches() const;
  /// Where a batch begins in the epoch; for batches() the number of all images.
  std::size_t first_image(std::size_t batch) const { return batch * items_.size() / batches(); }
  /// first_batch  how many batches to leave out: those of an epoch that was interrupted
  void start_epoch(std::int64_t epoch, std::size_t first_batch = 0);
  /// return  the next batch, or none after the last
  std::optional<Batch> next();
  /// All images of a batch of this epoch, whatever part is prepared otherwise.
  Batch whole(std::size_t batch) const { return prepare(batch, 0, 1); }

 private:
  Batch prepare(std::size_t batch, Index part, Index parts) const;
  void prefetch();

  const SampleSet& samples_;
  std::vector<std::size_t> items_, order_;
  LoaderOptions options_;
  std::int64_t epoch_ = 0;
  std::size_t next_batch_ = 0;
  std::deque<std::future<Batch>> pending_;  // in the order of the epoch
};

}  // namespace dmf
