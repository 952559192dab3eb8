#pragma once

#include <cstdint>
#include <utility>

#include "engine/kernels/pixel_sums/pixel_sums.h"
#include "engine/tensor/tensor.h"

namespace dmf {

/// What every pixel is: class indices, looked at once when they are made. Whatever takes Labels
/// trusts them, so that no step of a training looks at each pixel again, nor waits for a device.
class Labels {
 public:
  Labels() = default;
  /// labels  [N, H, W], each in [0, classes) or ignore_index
  /// throws  ShapeError for another rank; ValueError naming the first label that is neither
  Labels(Tensor<std::int32_t> labels, Index classes, std::int32_t ignore_index = kNoIgnore);

  const Tensor<std::int32_t>& tensor() const { return labels_; }
  const Shape& shape() const { return labels_.shape(); }
  Index classes() const { return classes_; }
  std::int32_t ignore_index() const { return ignore_index_; }
  Device device() const { return labels_.device(); }

  Labels to(Device device) const;

 private:
  Tensor<std::int32_t> labels_;
  Index classes_ = 0;
  std::int32_t ignore_index_ = kNoIgnore;
};

/// What losses compare every pixel with: its class, or a probability for each class.
template <class S>
struct PixelLabels {
  Labels hard;
  Tensor<S> soft;  // [N, H, W, C]; undefined where labels are hard

  PixelLabels() = default;
  PixelLabels(Labels classes) : hard(std::move(classes)) {}
  PixelLabels(Tensor<S> probabilities) : soft(std::move(probabilities)) {}

  bool are_soft() const { return soft.defined(); }
  Index classes() const { return are_soft() ? soft.size(-1) : hard.classes(); }
  PixelLabels to(Device device) const {
    return are_soft() ? PixelLabels(soft.to(device)) : PixelLabels(hard.to(device));
  }
};

}  // namespace dmf
