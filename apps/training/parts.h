#pragma once

#include <memory>

#include "apps/options/options.h"
#include "apps/processes/processes.h"
#include "apps/run/run_data.h"
#include "apps/training/training_steps.h"
#include "dmf/fused_loss.h"
#include "engine/optim/optimizer.h"

namespace dmf {

// The parts of a training as the options name them.

/// The losses, the auxiliary loss if any, and their weighting.
///
/// steps_per_epoch  for rules on epochs; where none is trained, any
/// throws           Error naming the option that does not fit
FusedLoss<float> make_fused_loss(const TrainOptions& options, std::int64_t steps_per_epoch = 1);

/// Compares the gradients of those losses that are formulas with differences.
///
/// throws  ValueError as require_gradient()
void check_formulas(const ObjectiveOptions& options, Index classes);

/// Labels as the options say, all background, [N, H, W] of them: to try the losses on.
PixelLabels<float> labels_for_losses(const TrainOptions& options, const Shape& shape,
                                     Device device);

/// Over all parameters of the network.
std::unique_ptr<Optimizer<float>> make_optimizer(const StepOptions& options,
                                                 const Network<float>& network);

/// What makes the steps: of whole batches, or of shards, which `processes` share.
///
/// network, loss, optimizer, processes  outlive it
std::unique_ptr<TrainingSteps> make_training_steps(const StepOptions& options,
                                                   Network<float>& network,
                                                   const FusedLoss<float>& loss,
                                                   Optimizer<float>& optimizer,
                                                   Processes& processes);

/// total_steps  of the whole run, where the schedule ends
LearningRate make_schedule(const StepOptions& options, std::int64_t total_steps);

/// The training images, those with a small lesion as often as the options say.
std::vector<std::size_t> trained_items(const StepOptions& options, const RunData& data);

/// Copies the weights of a model into a network of its shape.
///
/// path    a run folder or a model file
/// throws  IoError for what is no model; ValueError naming the first tensor that differs
void begin_with(const std::string& path, const Network<float>& network);

}  // namespace dmf
