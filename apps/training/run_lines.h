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

/// ".34 .36 .30": short, since an epoch's line has 80 columns.
std::string weights_text(const std::vector<double>& weights);

/// That a run ended before its last epoch, and why.
std::string stopped_early(const TrainOptions& options, const TrainingProgress& position,
                          std::int64_t epochs);

/// What of the weighting will not do what its user may expect.
std::vector<std::string> warnings_of_run(const TrainOptions& options, const RunFacts& facts);

}  // namespace dmf
