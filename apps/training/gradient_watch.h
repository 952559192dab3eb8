#pragma once

#include <string>
#include <vector>

#include "dmf/fused_loss.h"

namespace dmf {

/// Watches over an epoch who really trains the network: losses without a gradient, and losses that
/// pull against the sum of all.
class GradientWatch {
 public:
  /// losses  the base ones, then the auxiliary one, if any
  explicit GradientWatch(std::vector<std::string> losses) : losses_(std::move(losses)) {
    start_epoch();
  }

  void start_epoch();
  /// A step that has the losses' gradients; another one is passed over.
  void take_in(const StepWeights& step);
  /// Whether every loss has had a gradient in this epoch.
  bool all_had_one() const;
  /// A line for each loss that had none, and for each that pulled against the sum of all, its own
  /// part in it included, in more than half of the steps that were seen, these being at least two.
  std::vector<std::string> warnings() const;

 private:
  std::vector<std::string> losses_;
  std::vector<bool> had_one_;
  std::vector<int> against_;  // steps
  int seen_ = 0;              // steps
};

}  // namespace dmf
