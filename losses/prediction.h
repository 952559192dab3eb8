#pragma once

#include <map>

#include "engine/autograd/variable.h"
#include "engine/ops/soft_confusion.h"

namespace dmf {

/// Differentiable counts of every class, each [G, C]: the batch's (G = 1) or every image's (G = N).
template <class S>
struct SoftCounts {
  Variable<S> tp, fp, fn;
};

/// What the losses of one step look at: logits and truth. The log-softmax and the soft counts are
/// computed once, when the first loss asks, and shared by all.
template <class S>
class Prediction {
 public:
  /// logits  [N, H, W, C]
  /// target  [N, H, W], class indices
  /// throws  ShapeError where the two do not fit
  Prediction(Variable<S> logits, Tensor<std::int32_t> target);

  const Variable<S>& logits() const { return logits_; }
  const Tensor<std::int32_t>& target() const { return target_; }
  Index classes() const { return logits_.size(3); }

  const Variable<S>& log_probs();
  const SoftCounts<S>& counts(const SoftConfusionSpec& spec);
  /// Pixels of every class by label, [G, C]; ignored pixels are in none.
  Tensor<double> label_counts(const SoftConfusionSpec& spec) const;

 private:
  Variable<S> logits_, log_probs_;
  Tensor<std::int32_t> target_;
  std::map<std::pair<std::int32_t, bool>, SoftCounts<S>> counts_;  // by ignore_index, per_image
};

}  // namespace dmf
