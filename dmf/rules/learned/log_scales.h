#pragma once

#include <algorithm>
#include <vector>

#include "dmf/adam.h"
#include "dmf/weighting_rule.h"

namespace dmf {

/// What uw and imtll learn: one logarithm a loss, from 0, by Adam. Kept within +-10, so that a loss
/// that goes to 0 weighs at most e^10 = 22026 times what it did at first: without it, it would drag
/// its weight to infinity.
class LogScales {
 public:
  LogScales(std::size_t losses, double rate) : values_(losses, 0.0), adam_(losses, rate) {}

  const std::vector<double>& values() const { return values_; }
  void update(const std::vector<double>& gradient) {
    adam_.update(values_, gradient);
    for (double& value : values_) value = std::clamp(value, -kLargest, kLargest);
  }

  std::vector<double> state() const {
    std::vector<double> state = values_;
    adam_.append_state(state);
    return state;
  }
  void load_state(const std::vector<double>& state, std::string_view rule) {
    require_state(state, values_.size() + adam_.state_size(), rule,
                  "three numbers a loss and one count of steps");
    std::copy_n(state.begin(), values_.size(), values_.begin());
    adam_.load_state(state.data() + values_.size());
  }

 private:
  static constexpr double kLargest = 10.0;

  std::vector<double> values_;
  Adam adam_;
};

}  // namespace dmf
