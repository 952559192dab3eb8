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

/// How a training is run, kept and looked at.
struct RunOptions {
  int checkpoint_every = 0;  // steps, beside every epoch
  bool skip_not_finite = false;
  bool record_gradients = false;
  bool tensorboard = false;
  DeviceChoice where;
  ScoredSize score_at = ScoredSize::network;
  std::uint64_t seed = 1;

  /// Adds an option for each.
  void bind(OptionSet& set);
};

}  // namespace dmf
