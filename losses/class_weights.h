#pragma once

#include <string>
#include <vector>

#include "engine/core/settings.h"
#include "engine/core/shape.h"

namespace dmf {

/// What each class counts in a loss, whichever it is.
struct ClassWeights {
  bool include_background = true;  // whether class 0 enters the count-based losses
  std::vector<double> weights;     // one a class, >= 0; empty: all equal

  /// For losses on each pixel: the background counts in any case.
  ///
  /// throws  ShapeError unless there is one weight a class; ValueError when all are 0
  std::vector<double> of_pixels(Index classes) const;
  /// For losses on counts: 0 for the background where it is not included.
  ///
  /// throws  as of_pixels, and ValueError when no weight is left
  std::vector<double> of_counts(Index classes) const;
};

/// "exclude-background" and "class-weights", which every loss understands.
std::vector<Setting> class_weight_settings();
ClassWeights class_weights_of(const Settings& settings);

}  // namespace dmf
