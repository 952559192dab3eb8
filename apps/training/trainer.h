#pragma once

#include <filesystem>

#include "apps/data/split.h"
#include "apps/training/evaluation.h"
#include "apps/training/options.h"

namespace dmf {

/// The data of a run: what was found, decoded and how it is divided.
struct RunData {
  SampleSet samples;
  Split split;
};

/// Builds everything the options name and runs the losses on one pixel, so that options that do not
/// fit each other fail before any data is read or folder made.
///
/// throws  Error or std::invalid_argument naming the option
void check_options(const TrainOptions& options);

/// Finds, checks and decodes the data set of the options.
SampleSet load_samples(const TrainOptions& options);

/// load_samples, divided as the options say.
RunData load_data(const TrainOptions& options);

/// What a user should see of the data before training: counts, lesion share, split, mask rule.
std::string describe_data(const RunData& data, const TrainOptions& options);

/// Trains as the options say, writing logs and weights into the run folder:
///
///   steps.csv          every raw loss, weight, gamma and learning rate
///   epochs.csv         training loss and validation scores
///   best.safetensors   the weights of the epoch with the best validation CB-Dice
///   last.safetensors   those of the last epoch
///
/// throws  std::domain_error naming loss and step when a loss is not finite
void train_network(const TrainOptions& options, const RunData& data,
                   const std::filesystem::path& folder);

}  // namespace dmf
