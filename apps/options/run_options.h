#pragma once

#include <cstdint>

#include "apps/support/program.h"
#include "engine/core/choice.h"

namespace dmf {

class OptionSet;

/// The size at which test images are scored.
enum class ScoredSize { original, network };
inline constexpr Named<ScoredSize> kScoredSizes[] = {
    {"original", ScoredSize::original, "each image at its file's own size"},
    {"network", ScoredSize::network, "at --image"}};

/// Who decides how probabilities become masks.
inline constexpr Named<bool> kInferences[] = {
    {"plain", false, "the likeliest class of the network's output"},
    {"validation", true,
     "mirroring, threshold, holes and largest component as validation images say"}};

/// Which epoch's weights become best.safetensors, are scored and used by predict.
inline constexpr Named<bool> kKeptWeights[] = {
    {"best", false, "of the epoch with the best class-balanced Dice on validation"},
    {"last", true, "of the last epoch, which no luck on validation has chosen"}};

/// How a training is run, kept and looked at.
struct RunOptions {
  int checkpoint_every = 0;  // steps, beside every epoch
  int wait_limit = 600;      // seconds that one process may wait for another
  bool skip_not_finite = false;
  bool record_gradients = false;
  bool tensorboard = false;
  DeviceChoice where;
  ScoredSize score_at = ScoredSize::network;
  bool tuned_inference = false;
  bool keeps_last = false;  // the weights after the last epoch, not the best on validation
  std::uint64_t seed = 1;

  /// Adds an option for each.
  void bind(OptionSet& set);
};

}  // namespace dmf
