#pragma once

#include <string>
#include <vector>

#include "apps/options/options.h"
#include "apps/training/checkpoint.h"

namespace dmf {

/// What is known of a training before its first step, beside its options.
struct RunFacts {
  Index parameters;
  RuleNeeds rule;      // the weighting rule's
  std::string memory;  // what a step needs, in words
  std::int64_t epochs, total_steps;
};

/// The lines that a training begins with: network, losses, memory, where it goes on, columns.
std::vector<std::string> describe_run(const TrainOptions& options, const RunFacts& facts,
                                      const TrainingProgress& position);

/// "cce .34 mean_dice .66", and gamma behind it where there is an auxiliary loss; without names where
/// these are longer than `columns`.
std::string factors_text(const TrainOptions& options, const Fusion::Factors& factors,
                         std::size_t columns);

/// What an epoch came to.
struct EpochOutcome {
  std::int64_t epoch, epochs;
  double train_loss, validation_loss;
  double lesion_dice;  // of the validation images, mean over those with a lesion
  bool best;
};

/// An epoch's line, of 80 columns where the losses' names allow it.
std::string epoch_line(const TrainOptions& options, const EpochOutcome& outcome,
                       const Fusion::Factors& factors, const std::string& time_left);

/// That a run ended before its last epoch, and why.
std::string stopped_early(const TrainOptions& options, const TrainingProgress& position,
                          std::int64_t epochs);

/// What of the weighting will not do what its user may expect.
std::vector<std::string> warnings_of_run(const TrainOptions& options, const RunFacts& facts);

}  // namespace dmf
