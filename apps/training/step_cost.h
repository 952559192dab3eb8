#pragma once

#include "apps/options/options.h"

namespace dmf {

/// Seconds that a training step of these options takes now on this machine: the median of a few steps
/// of a network that is thrown away, on images that need no decoding.
double seconds_per_step(TrainOptions options);

/// "240 epochs of 25 steps at 0.21 s: about 21 min"
///
/// images  in an epoch
std::string describe_cost(const TrainOptions& options, std::int64_t images, double step_seconds);

}  // namespace dmf
