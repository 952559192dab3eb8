#pragma once

#include <memory>

#include "apps/options/options.h"
#include "dmf/fused_loss.h"
#include "engine/optim/optimizer.h"

namespace dmf {

// The parts of a training as the options name them.

/// The losses, the auxiliary loss if any, and their weighting.
///
/// steps_per_epoch  for rules on epochs; where none is trained, any
/// throws           Error naming the option that does not fit
FusedLoss<float> make_fused_loss(const TrainOptions& options, std::int64_t steps_per_epoch = 1);

/// Over all parameters of the network.
std::unique_ptr<Optimizer<float>> make_optimizer(const TrainOptions& options,
                                                 const Network<float>& network);

/// total_steps  of the whole run, where the schedule ends
LearningRate make_schedule(const TrainOptions& options, std::int64_t total_steps);

}  // namespace dmf
