#include "apps/training/gradient_watch.h"

#include <fmt/format.h>

#include <algorithm>

namespace dmf {

void GradientWatch::start_epoch() {
  had_one_.assign(losses_.size(), false);
  against_.assign(losses_.size(), 0);
  seen_ = 0;
}

void GradientWatch::take_in(const StepWeights& step) {
  if (!step.gradients) return;
  const Gram& gram = *step.gradients;
  ++seen_;
  for (std::size_t k = 0; k < losses_.size(); ++k) {
    had_one_[k] = had_one_[k] || gram.norm(k) > 0.0;
    double along_sum = 0.0;  // <g_k, sum_j w_j g_j>
    for (std::size_t j = 0; j < losses_.size(); ++j) along_sum += step.factors[j] * gram(k, j);
    if (step.factors[k] > 0.0 && along_sum < 0.0) ++against_[k];
  }
}

bool GradientWatch::all_had_one() const {
  return std::find(had_one_.begin(), had_one_.end(), false) == had_one_.end();
}

std::vector<std::string> GradientWatch::warnings() const {
  std::vector<std::string> lines;
  for (std::size_t k = 0; k < losses_.size(); ++k) {
    if (!had_one_[k]) {
      lines.push_back(fmt::format(
          "warning: {} has had no gradient for an epoch: it teaches nothing", losses_[k]));
    } else if (seen_ > 1 && 2 * against_[k] > seen_) {
      lines.push_back(fmt::format(
          "warning: {} pulled against the sum of all losses in {} of the {} steps of an "
          "epoch in which gradients were compared",
          losses_[k], against_[k], seen_));
    }
  }
  return lines;
}

}  // namespace dmf
