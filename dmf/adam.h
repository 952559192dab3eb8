#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace dmf {

/// Adam (Kingma & Ba, arXiv:1412.6980; betas 0.9 and 0.999, eps 1e-8 outside the root) on the few
/// numbers that a rule learns. Weight decay adds to the gradient, as in the paper.
class Adam {
 public:
  Adam(std::size_t count, double rate, double weight_decay = 0.0)
      : rate_(rate), weight_decay_(weight_decay), first_(count), second_(count) {}

  void update(std::vector<double>& values, const std::vector<double>& gradient) {
    ++steps_;
    const double first_part = 1.0 - std::pow(kBeta1, steps_);
    const double second_part = 1.0 - std::pow(kBeta2, steps_);
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double g = gradient[k] + weight_decay_ * values[k];
      first_[k] = kBeta1 * first_[k] + (1.0 - kBeta1) * g;
      second_[k] = kBeta2 * second_[k] + (1.0 - kBeta2) * g * g;
      values[k] -= rate_ * (first_[k] / first_part) / (std::sqrt(second_[k] / second_part) + kEps);
    }
  }

  /// Numbers of a state: the steps, then both moments.
  std::size_t state_size() const { return 1 + 2 * first_.size(); }
  void append_state(std::vector<double>& state) const {
    state.push_back(steps_);
    state.insert(state.end(), first_.begin(), first_.end());
    state.insert(state.end(), second_.begin(), second_.end());
  }
  /// from  the first of state_size() numbers
  void load_state(const double* from) {
    steps_ = *from++;
    for (double& moment : first_) moment = *from++;
    for (double& moment : second_) moment = *from++;
  }

 private:
  static constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8;

  double rate_, weight_decay_;
  double steps_ = 0.0;
  std::vector<double> first_, second_;
};

}  // namespace dmf
