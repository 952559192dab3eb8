#pragma once

#include <filesystem>
#include <string>

#include "dmf/fusion.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/weight_average.h"
#include "layers/networks/network.h"

namespace dmf {

/// Where a run stands, and what it has added up since the epoch began.
struct TrainingProgress {
  std::int64_t step = 0;    // steps made
  std::int64_t epoch = 0;   // epochs finished
  std::size_t batches = 0;  // of the current epoch, done
  double loss_sum = 0.0;    // of the current epoch, over images
  std::size_t images = 0;
  std::int64_t skipped = 0;  // steps left out, their loss or gradient not being finite
  double best_cb_dice = -1.0;
  std::int64_t best_epoch = 0;     // that had it, counted from 1
  std::uintmax_t event_bytes = 0;  // of TensorBoard's file
  std::string last_dice = "-";     // as the progress bar shows it
};

/// Which run it is.
struct RunIdentity {
  std::string id;
  std::string definition;  // see run_definition()
};

/// The parts of a run that change while it trains. Random numbers are not among them: they are
/// functions of the seed, the epoch and the image (rng.h), so the position says it all.
struct TrainingParts {
  Network<float>& network;
  Optimizer<float>& optimizer;
  Fusion& fusion;
  WeightAverage<float>* average;  // null without one
};

/// Writes everything that the run needs to go on as if it had never stopped, atomically: until the
/// new file is safe on the disk the previous one stays.
///
/// run  a checkpoint of another is refused
void save_checkpoint(const std::filesystem::path& path, const TrainingParts& parts,
                     const TrainingProgress& progress, const RunIdentity& run);

/// Puts the parts into the state that was saved.
///
/// throws  IoError for a file that is not a checkpoint, of a newer version, of a run that was
///         defined otherwise, or whose content does not fit the parts
TrainingProgress load_checkpoint(const std::filesystem::path& path, const TrainingParts& parts,
                                 const RunIdentity& run);

}  // namespace dmf
