#pragma once

#include <memory>

#include "apps/options/options.h"
#include "dmf/fused_loss.h"
#include "engine/optim/optimizer.h"

namespace dmf {

// The parts of a training as the options name them.

/// The losses, the auxiliary loss if any, and their weighting.
///
/// throws  Error naming the option that does not fit
FusedLoss<float> make_fused_loss(const TrainOptions& options);

/// Over all parameters of the network.
std::unique_ptr<Optimizer<float>> make_optimizer(const StepOptions& options,
                                                 const Network<float>& network);

/// total_steps  of the whole run, where the schedule ends
LearningRate make_schedule(const StepOptions& options, std::int64_t total_steps);

}  // namespace dmf
