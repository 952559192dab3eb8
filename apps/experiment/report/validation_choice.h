#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/experiment/report/comparison.h"
#include "apps/experiment/table.h"

namespace dmf {

/// How many epochs it trained.
std::size_t epochs_of(const RunResult& run);

/// Lesion Dice per validation image of the weights that a run keeps, had it ended after so many epochs.
///
/// epochs  at least 1; more than there are count as all
/// throws  IoError for an epochs.csv that lacks what it needs
double validation_dice(const RunResult& run, std::size_t epochs);

/// Fixed weights, tuned: of several fixed weightings without an auxiliary loss, all else equal, the one
/// whose mean validation_dice() over the repetitions is highest, the first of equal ones. None where
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
