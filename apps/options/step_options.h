#pragma once

#include <string>

#include "engine/optim/optimizers.h"
#include "engine/optim/schedule.h"

namespace dmf {

class OptionSet;

/// How many training steps there are, and what each does with its gradients.
struct StepOptions {
  int epochs = 20;
  std::int64_t updates = 0;  // 0: as many as the epochs have
  int batch = 32;
  std::string optimizer = "adam";
  double lr = 1e-3;
  Settings optimizer_settings =
      dmf::optimizer_settings();  // of all optimisers; those of `optimizer` count
  LearningRate::Shape schedule = LearningRate::Shape::cosine;
  int warmup_steps = 0;
  double final_lr_fraction = 0.0;
  double clip_norm = 0.0;
  double ema = 0.0;
  int swa = 0;                 // last epochs whose weights are averaged; 0: none
  int early_stop = 0;          // epochs without a better one that end a run; 0: never
  std::string init_from = {};  // a model file or a run folder; empty: random weights
  int small_lesions = 1;       // times an image with a small lesion is in an epoch

  /// Passes over the training images: `epochs`, or as many whole ones as hold so many updates.
  ///
  /// batches  of an epoch
  std::int64_t epoch_count(std::int64_t batches) const;
  /// Adds an option for each.
  void bind(OptionSet& set);
};

}  // namespace dmf
