#pragma once

#include <filesystem>
#include <functional>

#include "apps/processes/processes.h"
#include "apps/run/run_data.h"

namespace dmf {

/// Builds everything the options name, runs the losses on one pixel and compares the gradients of those
/// that are formulas with differences, so that options that do not fit each other fail before any data
/// is read or folder made.
///
/// throws  Error naming the option
void check_options(TrainOptions options);

enum class Start { anew, from_checkpoint };

/// Trains as the options say, writing logs and weights into the run folder:
///
///   steps.csv                every raw loss, weight, gamma and learning rate
///   epochs.csv               training loss and validation scores
///   best.safetensors         the weights of the epoch with the best validation CB-Dice, or of the
///                            last (--keep)
///   last.safetensors         those of the last epoch
///   checkpoint.safetensors   all that is needed to go on; after every epoch, every
///                            `checkpoint_every` steps, and when a signal asks to stop
///
/// A run that was stopped, anyhow, and goes on from its checkpoint ends with the same bytes in all
/// of these as one that never stopped.
///
/// Several processes share every step's shards and the validation, and end with these bytes too; the first
/// alone writes, in a folder that all can read.
///
/// draw_page  called after every epoch, once all above is saved; what it throws is told of as a page
///            that is missing, for no training ends for one
/// throws  NumericError when a loss or gradient is not finite, naming the first parameter or op,
///         the step and its images, which are kept as not_finite.safetensors; DeviceError when
///         memory runs out, with the batch that would fit; Interrupted once a StopRequest is noted
///         and the step finished and saved. What was saved last is untouched by any.
void train_network(const TrainOptions& options, const RunData& data,
                   const std::filesystem::path& folder, Start start,
                   const std::function<void()>& draw_page, Processes& processes);

}  // namespace dmf
