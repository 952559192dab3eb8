#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/autograd/named.h"

namespace dmf {

/// Exponential moving average of all parameters and buffers of a network (Polyak averaging with a
/// fixed horizon of 1 / (1 - decay) steps).
///
/// Early on the decay is min(decay, (1 + t) / (10 + t)) after t updates, so that the random initial
/// weights are forgotten quickly.
template <class S>
class WeightEma {
 public:
  /// throws  ValueError for a decay outside [0, 1)
  WeightEma(const std::vector<NamedParameter<S>>& parameters,
            const std::vector<NamedBuffer<S>>& buffers, double decay);

  void update();
  /// Exchanges the averages with the network's own values; twice is as before.
  void swap();

  std::int64_t updates() const { return updates_; }
  /// Goes on as after so many updates; the averages are handles, to be copied into.
  void set_updates(std::int64_t updates) { updates_ = updates; }
  const std::map<std::string, Tensor<S>>& averages() const { return averages_; }

 private:
  std::map<std::string, Tensor<S>> live_, averages_;
  double decay_;
  std::int64_t updates_ = 0;
};

}  // namespace dmf
