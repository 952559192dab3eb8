#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "dmf/adam.h"
#include "dmf/weighting_rule.h"

namespace dmf {

/// A rule that learns one logarithm a loss, from 0, by Adam. It is kept within +-10, so that a loss
/// that goes to 0 weighs at most e^10 = 22026 times what it did at first: without it, it would drag
/// its weight to infinity.
///
/// Formula  its name, the weight that belongs to a logarithm, and the objective's derivative by it
template <class Formula>
class LearnedScales final : public WeightingRule {
 public:
  LearnedScales(std::size_t losses, double rate) : logarithms_(losses, 0.0), adam_(losses, rate) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = signals.history.latest();
    std::vector<double> w, gradient;
    for (std::size_t k = 0; k < losses.size(); ++k) {
      w.push_back(Formula::weight(logarithms_[k]));
      gradient.push_back(Formula::gradient(w[k], losses[k]));
    }
    adam_.update(logarithms_, gradient);
    for (double& value : logarithms_) value = std::clamp(value, -kLargest, kLargest);
    return w;
  }

  std::vector<double> state() const override {
    std::vector<double> state = logarithms_;
    adam_.append_state(state);
    return state;
  }
  void load_state(const std::vector<double>& state) override {
    require_state(state, logarithms_.size() + adam_.state_size(), Formula::kName,
                  "three numbers a loss and one count of steps");
    std::copy_n(state.begin(), logarithms_.size(), logarithms_.begin());
    adam_.load_state(state.data() + logarithms_.size());
  }

 private:
  static constexpr double kLargest = 10.0;

  std::vector<double> logarithms_;
  Adam adam_;
};

}  // namespace dmf
