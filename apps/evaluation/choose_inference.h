#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/evaluation/evaluation.h"

namespace dmf {

struct InferenceChoice {
  Inference inference;
  std::vector<std::string> lines;  // what was tried, and what each gave
};

/// Decides on images that were not trained on whether probabilities are averaged with the mirrored
/// image's and with a larger image's, from which one a pixel of two classes is lesion, whether holes are filled and whether
/// only the largest component stays, one after the other: what does not raise the Dice per image
/// stays as it is. After the first two the temperature of the probabilities is fitted
/// (TemperatureFit), and the threshold is of what it gives. An image without a lesion counts 1 where none is found, else 0.
///
/// items      at least one image
/// preprocess to score at each file's own size; null: at the network's
/// each_time  called for every batch; may throw to stop
InferenceChoice choose_inference(const std::vector<Network<float>*>& members,
                                 const SampleSet& samples, const std::vector<std::size_t>& items,
                                 const PreprocessSpec* at_original, int batch,
                                 const std::function<void()>& each_time);

}  // namespace dmf
