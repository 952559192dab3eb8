#pragma once

#include <string>
#include <vector>

#include "engine/core/choice.h"
#include "engine/core/settings.h"
#include "engine/ops/pixel_sums.h"

namespace dmf {

inline constexpr Named<AbsentClass> kAbsentClasses[] = {
    {"penalise_fp", AbsentClass::penalise_fp, "what its formula says, 1 unless smoothed"},
    {"zero", AbsentClass::zero, "its loss is 0"},
    {"skip", AbsentClass::skip, "the mean is over the others"}};

/// How the classes of a count-based loss become one number.
enum class ClassAverage : std::uint8_t { macro, micro };

inline constexpr Named<ClassAverage> kClassAverages[] = {
    {"macro", ClassAverage::macro, "the mean of each class's loss"},
    {"micro", ClassAverage::micro, "one loss on the counts of all"}};

/// What each class counts in a loss, whichever it is.
struct ClassWeights {
  bool include_background = true;  // whether class 0 enters the count-based losses
  std::vector<double> weights;     // one a class, >= 0; empty: all equal
  // Of the count-based losses, where no pixel of the group carries the label:
  AbsentClass absent = AbsentClass::penalise_fp;
  ClassAverage average = ClassAverage::macro;

  /// For losses on each pixel: the background counts in any case.
  ///
  /// throws  ShapeError unless there is one weight a class; ValueError when all are 0
  std::vector<double> of_pixels(Index classes) const;
  /// For losses on counts: 0 for the background where it is not included.
  ///
  /// throws  as of_pixels, and ValueError when no weight is left
  std::vector<double> of_counts(Index classes) const;
};

/// Weights that sum to 1.
std::vector<double> shares_of(std::vector<double> weights);

/// "exclude-background", "class-weights", "absent-class" and "class-average", which every loss understands.
std::vector<Setting> class_weight_settings();
ClassWeights class_weights_of(const Settings& settings);

}  // namespace dmf
