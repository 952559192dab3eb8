#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/parallel.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "losses/kinds/class_weights.h"
#include "losses/loss.h"

namespace dmf {

/// The pixels of one group, n images.
template <class S>
struct GroupPixels {
  Variable<S> log_probs, probs;  // [n, H, W, C]
  const std::int32_t* labels;    // [n, H, W]
  std::int32_t ignore_index;

  Index images() const { return probs.size(0); }
  Index height() const { return probs.size(1); }
  Index width() const { return probs.size(2); }
  Index classes() const { return probs.size(3); }
  Index of_image() const { return height() * width(); }
  Index count() const { return images() * of_image(); }
  bool counts(Index i) const { return labels[i] != ignore_index; }

  /// What the losses multiply by, as constants: of(i, c) for pixel i and class c, 0 where the pixel
  /// does not count.
  template <class Of>
  Variable<S> map(const Of& of) const {
    Tensor<S> all = Tensor<S>::zeros(probs.shape());
    for (Index i = 0; i < count(); ++i) {
      for (Index c = 0; counts(i) && c < classes(); ++c) {
        all.data()[i * classes() + c] = static_cast<S>(of(i, c));
      }
    }
    return Variable<S>(all);
  }
  /// 1 for a pixel's own class, else 0.
  Variable<S> one_hot() const {
    return map([this](Index i, Index c) { return labels[i] == c ? 1.0 : 0.0; });
  }
  /// Whether each pixel of image n carries label c.
  std::vector<std::uint8_t> mask_of(Index n, Index c) const {
    std::vector<std::uint8_t> mask;
    for (Index i = n * of_image(); i < (n + 1) * of_image(); ++i) mask.push_back(labels[i] == c);
    return mask;
  }
  /// sum of of(i, label of i) over the pixels that count
  template <class Of>
  double total(const Of& of) const {
    double sum = 0.0;
    for (Index i = 0; i < count(); ++i) {
      if (counts(i)) sum += of(i, Index{labels[i]});
    }
    return sum;
  }
};

/// A loss that is the mean over groups of a formula of their pixels:
///
///   static constexpr bool kOnCounts;   // of classes, so that the background can be left out
///   void check(const ClassWeights& weights, Index classes) const;   // throws where they do not fit
///   template <class S>
///   Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const;   // [1]
///
/// What a formula takes from labels and predictions as constants (distances, ranks) it makes on the
/// CPU, in an order that no number of threads changes.
template <class Formula, class S>
class PixelLoss final : public Loss<S> {
 public:
  PixelLoss(std::string name, Formula formula, ClassWeights weights)
      : name_(std::move(name)), formula_(std::move(formula)), weights_(std::move(weights)) {}

  const std::string& name() const override { return name_; }

  LossNeeds needs(Index classes) const override {
    formula_.check(weights_, classes);
    return {.counts = false, .terms = {}, .each_pixel = true};
  }

  Variable<S> from(const LossInputs<S>& inputs) const override {
    const EachPixel<S>& all = inputs.each_pixel;
    const Index groups = inputs.pixels.size(0), C = inputs.pixels.size(1);
    const Shape& whole = all.probs.shape();
    const Shape part{groups == 1 ? whole[0] : 1, whole[1], whole[2], C};
    std::vector<Variable<S>> values;
    for (Index g = 0; g < groups; ++g) {
      const auto of_group = [&](const Variable<S>& x) {
        return groups == 1 ? x : section(x, g * part.numel(), part);
      };
      values.push_back(
          formula_.of_pixels(GroupPixels<S>{of_group(all.log_probs), of_group(all.probs),
                                            all.labels.tensor().data() + g * part.numel() / C,
                                            all.labels.ignore_index()},
                             weights_));
    }
    return mean(concat(values));
  }

 private:
  std::string name_;
  Formula formula_;
  ClassWeights weights_;
};

}  // namespace dmf
