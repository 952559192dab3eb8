#pragma once

#include <cstdint>
#include <optional>

#include "apps/options/step_options.h"
#include "engine/optim/weight_average.h"
#include "layers/networks/network.h"

namespace dmf {

/// What of a run's weights is validated and saved: the network's own, their moving average over the
/// steps (`ema`), or the mean of those at the ends of the last epochs (`swa`), once there is one.
/// Buffers are averaged as parameters are.
class AveragedWeights {
 public:
  /// epochs  of the whole run
  AveragedWeights(const Network<float>& network, const StepOptions& options, std::int64_t epochs)
      : ema_(options.swa > 0 ? 0.0 : options.ema), first_averaged_(epochs - options.swa + 1) {
    if (ema_ > 0.0 || options.swa > 0) {
      average_.emplace(network.named_parameters(), network.named_buffers());
    }
  }

  void after_step() {
    if (ema_ > 0.0) average_->update(ema_decay(ema_, average_->updates()));
  }
  /// epoch  counted from 1
  void after_epoch(std::int64_t epoch) {
    if (ema_ == 0.0 && average_ && epoch >= first_averaged_) {
      average_->update(mean_decay(average_->updates()));
    }
  }
  /// Exchanges the network's weights with those to be validated and saved; twice is as before.
  void swap() {
    if (average_ && average_->updates() > 0) average_->swap();
  }

  /// Null where nothing is averaged: a part of the run that its checkpoint keeps.
  WeightAverage<float>* average() { return average_ ? &*average_ : nullptr; }

 private:
  double ema_;
  std::int64_t first_averaged_;  // epoch of `swa`, counted from 1
  std::optional<WeightAverage<float>> average_;
};

}  // namespace dmf
