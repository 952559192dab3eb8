#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/autograd/named.h"

namespace dmf {

/// An average over time of all parameters and buffers of a network. It begins as what these are; what
/// each later value weighs is the caller's to say: see ema_decay() and mean_decay().
template <class S>
class WeightAverage {
 public:
  WeightAverage(const std::vector<NamedParameter<S>>& parameters,
                const std::vector<NamedBuffer<S>>& buffers);

  /// average = decay * average + (1 - decay) * the network's
  void update(double decay);
  /// Exchanges the averages with the network's own values; twice is as before.
  void swap();

  std::int64_t updates() const { return updates_; }
  /// Goes on as after so many updates; the averages are handles, to be copied into.
  void set_updates(std::int64_t updates) { updates_ = updates; }
  const std::map<std::string, Tensor<S>>& averages() const { return averages_; }

 private:
  std::map<std::string, Tensor<S>> live_, averages_;
  std::int64_t updates_ = 0;
};

/// Of an exponential moving average (Polyak averaging with a fixed horizon of 1 / (1 - decay) steps),
/// after so many updates: min(decay, (1 + updates) / (10 + updates)), so that the random initial weights are
/// forgotten quickly.
///
/// decay  in [0, 1)
double ema_decay(double decay, std::int64_t updates);

/// Of the plain mean of all that was taken in, after so many updates (Izmailov et al., "Averaging
/// weights leads to wider optima and better generalization", UAI 2018): 0 at first, so that what the average
/// began as does not count.
inline double mean_decay(std::int64_t updates) {
  return static_cast<double>(updates) / static_cast<double>(updates + 1);
}

}  // namespace dmf
