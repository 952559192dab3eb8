#pragma once

#include <string>

#include "engine/optim/optimizers.h"
#include "engine/optim/schedule.h"

namespace dmf {

class OptionSet;

/// How many training steps there are, and what each does with its gradients.
struct StepOptions {
  int epochs = 20;
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

  /// Adds an option for each.
  void bind(OptionSet& set);
};

}  // namespace dmf
