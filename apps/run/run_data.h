#pragma once

#include <optional>
#include <string>

#include "apps/data/split.h"
#include "apps/options/options.h"

namespace dmf {

/// The data of a run: what was found, decoded and how it is divided.
struct RunData {
  SampleSet samples;
  Split split;
};

/// Finds, checks and decodes the data set of the options.
SampleSet load_samples(const TrainOptions& options);

/// The same for a network that wants its images prepared so, whatever the options say.
///
/// masks  how a run reads its masks, applied as it is; nothing: decided from the masks
SampleSet load_samples(const TrainOptions& options, const PreprocessSpec& preprocess,
                       const std::optional<MaskEncoding>& masks);

/// Divides the data as the options say.
///
/// throws  IoError where no image, or none of the training or validation part, has a lesion
Split make_split(const TrainOptions& options, const SampleSet& samples);

/// "grouped split, seed 1", "fold 2 of 5, random, seed 1": which split a table is made with.
std::string describe_split(const TrainOptions& options, const SampleSet& samples);

/// How the masks are read and why.
std::string describe_masks(const MaskEncoding& encoding);

/// What was found and how it is read: layout, counts, lesion share, masks, what is not used.
std::string describe_samples(const SampleSet& samples, const TrainOptions& options);

/// What a user should see of the data before training: counts, lesion share, split, mask rule.
std::string describe_data(const RunData& data, const TrainOptions& options);

}  // namespace dmf
