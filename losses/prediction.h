#pragma once

#include <deque>
#include <vector>

#include "engine/autograd/variable.h"
#include "engine/ops/pixel_terms.h"

namespace dmf {

/// Differentiable counts of every class, each [G, C]: the batch's (G = 1) or every image's (G = N).
template <class S>
struct SoftCounts {
  Variable<S> tp, fp, fn;
};

/// Which pixels count, and whether together or for each image.
struct Grouping {
  std::int32_t ignore_index = kNoIgnore;
  bool per_image = false;

  friend bool operator==(const Grouping&, const Grouping&) = default;
};

/// What the losses of one step look at: logits and truth. What they need of the pixels is announced
/// first, so that one pass over the logits finds it for all; what was not announced costs another.
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

  void announce_counts(const Grouping& grouping);
  void announce_nll(const Grouping& grouping, const NllTerm& term);

  const SoftCounts<S>& counts(const Grouping& grouping);
  /// return  [1], or [N] per image
  const Variable<S>& nll(const Grouping& grouping, const NllTerm& term);
  /// Pixels of every class by label, [G, C]; ignored pixels are in none.
  Tensor<double> label_counts(const Grouping& grouping) const;

 private:
  /// What one pass finds, or is to find.
  struct Pass {
    Grouping grouping;
    bool counts = false;
    std::vector<NllTerm> terms;
    bool is_made = false;
    SoftCounts<S> soft_counts;
    std::vector<Variable<S>> nll;
  };

  /// The pass of this grouping that is still to be made.
  Pass& planned(const Grouping& grouping);
  void make(Pass& pass) const;

  Variable<S> logits_;
  Tensor<std::int32_t> target_;
  std::deque<Pass> passes_;  // whose references stay valid as it grows
};

}  // namespace dmf
