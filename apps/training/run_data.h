#pragma once

#include <string>

#include "apps/data/split.h"
#include "apps/training/options.h"

namespace dmf {

/// The data of a run: what was found, decoded and how it is divided.
struct RunData {
  SampleSet samples;
  Split split;
};

/// Finds, checks and decodes the data set of the options.
SampleSet load_samples(const TrainOptions& options);

/// The same for a network that wants its images prepared so, whatever the options say.
SampleSet load_samples(const TrainOptions& options, const PreprocessSpec& preprocess);

/// Divides the data as the options say.
Split make_split(const TrainOptions& options, const SampleSet& samples);

/// "grouped split, seed 1", "fold 2 of 5, random, seed 1": which split a table is made with.
std::string describe_split(const TrainOptions& options);

/// What a user should see of the data before training: counts, lesion share, split, mask rule.
std::string describe_data(const RunData& data, const TrainOptions& options);

}  // namespace dmf
