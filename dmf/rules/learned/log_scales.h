#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "dmf/adam.h"
#include "dmf/weighting_rule.h"

namespace dmf {

/// What is learned of a loss: one number, whence it starts and between what it stays.
struct LearnedScale {
  std::string_view name;  // by which a rule that has several forms chooses
  double initial, least, most;
  double (*weight)(double s);
  /// The objective's derivative by s.
  double (*gradient)(double s, double weight, double loss);
};

/// A logarithm is kept within +-10, so that a loss that goes to 0 weighs at most e^10 = 22026 times
/// what it did at 0: without it, it would drag its weight to infinity.
inline constexpr double kLargestLogarithm = 10.0;

/// A rule that learns one number a loss by Adam.
class LearnedScales final : public WeightingRule {
 public:
  LearnedScales(std::string_view rule, const LearnedScale& scale, std::size_t losses, double rate)
      : rule_(rule), scale_(scale), learned_(losses, scale.initial), adam_(losses, rate) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = signals.history.latest();
    std::vector<double> w, gradient;
    for (std::size_t k = 0; k < losses.size(); ++k) {
      w.push_back(scale_.weight(learned_[k]));
      gradient.push_back(scale_.gradient(learned_[k], w[k], losses[k]));
    }
    adam_.update(learned_, gradient);
    for (double& value : learned_) value = std::clamp(value, scale_.least, scale_.most);
    return w;
  }

  std::vector<double> state() const override {
    std::vector<double> state = learned_;
    adam_.append_state(state);
    return state;
  }
  void load_state(const std::vector<double>& state) override {
    require_state(state, learned_.size() + adam_.state_size(), rule_,
                  "three numbers a loss and one count of steps");
    std::copy_n(state.begin(), learned_.size(), learned_.begin());
    adam_.load_state(state.data() + learned_.size());
  }

 private:
  std::string_view rule_;
  LearnedScale scale_;
  std::vector<double> learned_;
  Adam adam_;
};

}  // namespace dmf
