#include "apps/data/loader.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/core/parallel.h"

namespace dmf {
namespace {

/// The stream of the seed for the order of an epoch; augmentation has others, see TransformDraws.
std::uint64_t order_stream(std::int64_t epoch) {
  return (std::uint64_t{1} << 56) + static_cast<std::uint64_t>(epoch);
}

}  // namespace

Tensor<float> stack_images(const std::vector<Sample>& samples) {
  const Image& first = samples.front().image;
  const auto N = static_cast<Index>(samples.size());
  Tensor<float> images(Shape{N, first.height, first.width, first.channels});
  float* pixels = images.data();
  for (const Sample& sample : samples) {
    pixels = std::copy(sample.image.pixels.begin(), sample.image.pixels.end(), pixels);
  }
  return images;
}

namespace {

/// Of background and lesion, undefined where labels are hard.
Tensor<float> stack_probabilities(const std::vector<Sample>& samples) {
  const Image& first = samples.front().lesion;
  if (first.pixels.empty()) return {};
  Tensor<float> all(Shape{static_cast<Index>(samples.size()), first.height, first.width, 2});
  float* to = all.data();
  for (const Sample& sample : samples) {
    for (const float lesion : sample.lesion.pixels) {
      *to++ = 1.0f - lesion;
      *to++ = lesion;
    }
  }
  return all;
}

}  // namespace

Batch make_batch(const std::vector<Sample>& samples, std::vector<std::size_t> items, Index classes,
                 std::int32_t ignore_index) {
  const LabelMap& first = samples.front().labels;
  const auto N = static_cast<Index>(samples.size());
  const Tensor<std::int32_t> stacked(Shape{N, first.height, first.width});
  std::int32_t* labels = stacked.data();
  for (const Sample& sample : samples) {
    labels = std::copy(sample.labels.labels.begin(), sample.labels.labels.end(), labels);
  }
  return {stack_images(samples), Labels(stacked, classes, ignore_index), std::move(items),
          stack_probabilities(samples)};
}

Loader::Loader(const SampleSet& samples, std::vector<std::size_t> items,
               const LoaderOptions& options)
    : samples_(samples), items_(std::move(items)), options_(options) {
  DMF_CHECK(options.ahead >= 1, ValueError, "[loader] {} batches ahead: expected at least 1.",
            options.ahead);
  DMF_CHECK(options.batch >= 1, ValueError, "[loader] batch {}: expected at least 1.",
            options.batch);
  start_epoch(0);
}

std::size_t Loader::batches() const {
  const auto batch = static_cast<std::size_t>(options_.batch);
  return (items_.size() + batch - 1) / batch;
}

void Loader::start_epoch(std::int64_t epoch, std::size_t first_batch) {
  pending_.clear();  // of an epoch that was left early; each future waits for its thread
  epoch_ = epoch;
  order_ = items_;
  if (options_.shuffle) {
    Rng rng(options_.seed, order_stream(epoch));
    rng.shuffle(order_);
  }
  next_batch_ = first_batch;
}

std::optional<Batch> Loader::next() {
  if (pending_.empty()) prefetch();
  if (pending_.empty()) return std::nullopt;
  std::future<Batch> first = std::move(pending_.front());
  pending_.pop_front();
  Batch batch = first.get();
  prefetch();
  return batch;
}

void Loader::prefetch() {
  while (next_batch_ < batches() && pending_.size() < static_cast<std::size_t>(options_.ahead)) {
    pending_.push_back(run_in_background(
        [this, batch = next_batch_] { return prepare(batch, options_.part, options_.parts); }));
    ++next_batch_;
  }
}

Batch Loader::prepare(std::size_t batch, Index part, Index parts) const {
  const std::size_t first = first_image(batch), last = first_image(batch + 1);
  const MaskEncoding& masks = samples_.mask_encoding();
  std::vector<std::size_t> items(order_.begin() + static_cast<std::ptrdiff_t>(first),
                                 order_.begin() + static_cast<std::ptrdiff_t>(last));
  const ChunkRange own = even_share(static_cast<Index>(items.size()), parts, part);
  std::vector<Sample> samples;
  for (Index k = own.begin; k < own.end; ++k) {
    const std::size_t item = items[static_cast<std::size_t>(k)];
    samples.push_back(samples_.sample(item));
    augment(samples.back(), options_.augmentation, {options_.seed, epoch_, item}, masks.ignored);
  }
  return make_batch(samples, std::move(items), masks.classes, masks.ignored);
}

}  // namespace dmf
