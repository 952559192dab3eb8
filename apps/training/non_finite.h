#pragma once

#include <filesystem>
#include <string>

#include "apps/data/loader.h"
#include "dmf/training_step.h"

namespace dmf {

// Nothing after a step whose loss or gradients are not finite can be trusted. These find such a
// step, say where it went wrong, and keep what it went wrong on.

/// The first parameter whose gradient is not finite, as a sentence, or an empty text.
std::string bad_gradient(const Network<float>& network);

/// Makes the step of this batch once more, looking at every result: the first parameter, result of
/// an op, or gradient that is not finite, in words.
///
/// passes  forward passes in training mode before that step, see Module::set_passes
std::string first_not_finite(Network<float>& network, FusedLoss<float>& loss, const Batch& batch,
                             std::uint64_t passes);

/// The batch as the network saw it: tensors images and labels, and the reason as metadata.
void save_batch(const std::filesystem::path& path, const Batch& batch, const std::string& reason);

}  // namespace dmf
