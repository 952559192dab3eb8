#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "apps/experiment/report/comparison.h"
#include "apps/experiment/table.h"

namespace dmf {

/// A run's validation, epoch by epoch.
class ValidationCourse {
 public:
  /// throws  IoError for an epochs.csv that lacks what it needs
  explicit ValidationCourse(const RunResult& run);

  /// How many epochs it trained, at least 1.
  std::size_t epochs() const { return kept_dice_.size(); }
  /// Lesion Dice per validation image of the weights that it keeps, had it ended after so many epochs.
  ///
  /// epochs  at least 1; more than there are count as all
  double dice(std::size_t epochs) const { return kept_dice_[std::min(epochs, this->epochs()) - 1]; }
  double dice() const { return kept_dice_.back(); }

 private:
  std::vector<double> kept_dice_;
};

/// Fixed weights, tuned: of several fixed weightings without an auxiliary loss, all else equal, the one
/// whose mean dice() on validation over the repetitions is highest, the first of equal ones. None where
/// there are not two.
struct TunedWeights {
  std::string configuration;
  std::size_t tried = 0;
};
std::optional<TunedWeights> tuned_weights(const Results& results);

/// Every rule without an auxiliary loss against the tuned fixed weights, as image_tests(); no rows where
/// there are none.
Table tuned_tests(const Results& results);

}  // namespace dmf
