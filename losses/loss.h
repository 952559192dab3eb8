#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/autograd/variable.h"
#include "engine/ops/pixel_sums.h"

namespace dmf {

/// What a loss asks of the pixels. One pass over the logits finds it for all losses of a step.
struct LossNeeds {
  bool counts = false;
  std::vector<NllTerm> terms;
  bool each_pixel = false;  // sums do not do: the probabilities themselves
};

/// Of class c against all others: hard counts as numbers, or differentiable ones of every class and
/// group as variables of shape [G, C].
template <class T>
struct Counts {
  T tp, fp, fn;
};

/// Every pixel of a batch, for losses that ask for each.
template <class S>
struct EachPixel {
  Variable<S> log_probs, probs;  // [N, H, W, C]; undefined where nobody asked
  Labels labels;
};

/// The answer to LossNeeds; G is 1, or the images of the batch.
template <class S>
struct LossInputs {
  Counts<Variable<S>> counts;          // each [G, C]; undefined where they were not asked for
  std::span<const Variable<S>> terms;  // each [G], in the order of the needs
  Tensor<double> pixels;               // [G, C] that carry each label
  EachPixel<S> each_pixel = {};
};

/// A training objective, computed from logits: the softmax is part of the loss. It is the mean over
/// groups of pixels, and sees these through their sums; only what sums cannot say asks for each
/// pixel.
template <class S>
class Loss {
 public:
  virtual ~Loss() = default;
  /// Registry key, option value and log column: "tversky".
  virtual const std::string& name() const = 0;
  /// throws  ShapeError or ValueError for options that do not fit so many classes
  virtual LossNeeds needs(Index classes) const = 0;
  /// return  scalar of shape [1]; the gradient flows to the inputs
  virtual Variable<S> from(const LossInputs<S>& inputs) const = 0;
};

}  // namespace dmf
