#pragma once

#include <string_view>
#include <vector>

#include "losses/prediction.h"

namespace dmf {

/// Choices that every loss understands.
struct LossOptions {
  bool per_image = false;                 // mean of each image's loss, else one loss for the batch
  std::int32_t ignore_index = kNoIgnore;  // pixels with this label take no part
  bool include_background = true;         // whether class 0 enters the count-based losses
  std::vector<double> class_weights;      // one a class, >= 0; empty: all equal

  Grouping grouping() const { return {ignore_index, per_image}; }
};

/// options.class_weights, or 1 for each class where there are none.
///
/// throws  ShapeError unless there is one weight a class; ValueError for one that is negative or
///         not finite, or when all are 0
std::vector<double> class_weights(const LossOptions& options, Index classes);
/// throws  ValueError when all are 0
void require_any_weight(const std::vector<double>& weights);

/// A training objective, computed from logits: the softmax is part of the loss.
template <class S>
class Loss {
 public:
  virtual ~Loss() = default;
  /// Registry key, option value and log column: "tversky".
  virtual std::string_view name() const = 0;
  /// Says what the loss will need of the pixels, so that one pass finds it for all losses.
  virtual void announce(Prediction<S>& prediction) const = 0;
  /// return  scalar of shape [1]; the gradient flows to the logits
  /// throws  ValueError for a label outside [0, C), ShapeError for options that do not fit C
  virtual Variable<S> operator()(Prediction<S>& prediction) const = 0;
};

}  // namespace dmf
