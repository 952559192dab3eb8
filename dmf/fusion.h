#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dmf/auxiliary_schedule.h"
#include "dmf/weighting_strategy.h"

namespace dmf {

/// Everything that defines a fusion. Defaults are the paper's or its authors' demo's (METHOD).
struct FusionSpec {
  std::vector<std::string> losses;  // names of the K base losses, for messages
  std::string weighting = "variance";
  std::size_t history_size = 50;        // values held before the rule takes over
  std::size_t history_size_max = 150;   // values remembered
  std::vector<double> initial_weights;  // empty: uniform; else K, >= 0, scaled to sum 1
  AuxiliarySchedule auxiliary;
  WeightingOptions rule;
  // The paper's two open ends (section 5), off by default:
  double weight_decay = 0.0;    // w = decay * previous + (1 - decay) * rule's; 0: the rule's alone
  double largest_change = 0.0;  // of any weight in one step; 0: no limit

  /// throws  std::invalid_argument naming the field, what it is and what was expected
  void validate() const;
};

/// throws  std::domain_error naming what is not finite, its value and the step
[[noreturn]] void throw_not_finite(const std::string& what, double value, std::int64_t step);

/// All that a fusion remembers, for checkpoints.
struct FusionState {
  std::int64_t step = 0;
  std::vector<std::vector<double>> history;  // by loss, oldest first
  std::vector<double> weights;
  std::vector<double> strategy;
};

/// Dynamic Memory Fusion: numbers in, weights and gamma out. Usable from any trainer:
///
///   Fusion fusion({.losses = {"cce", "mean_dice"}});
///   each step:  auto [weights, gamma] = fusion.step(values);
///               minimise  sum_k weights[k] * loss_k + gamma * auxiliary      (1)
class Fusion {
 public:
  struct Factors {
    std::vector<double> weights;  // sum to 1
    double gamma;
  };

  explicit Fusion(const FusionSpec& spec);

  /// One training step: appends the values, updates the weights and advances the schedule.
  ///
  /// throws  std::domain_error naming the loss and the step if a value is not finite; nothing is
  ///         changed then
  Factors step(std::span<const double> values);
  /// Weights and gamma as they stand, for evaluation: changes nothing.
  Factors current() const { return {weights_, spec_.auxiliary.gamma(step_)}; }
  std::int64_t steps() const { return step_; }
  /// Whether the rule waits for, and works on, the memory.
  bool uses_memory() const { return strategy_->needs_memory(); }

  FusionState state() const;
  /// throws  std::invalid_argument for a state of other losses or of another rule
  void load_state(const FusionState& state);

 private:
  std::vector<double> limited(const std::vector<double>& wanted) const;

  FusionSpec spec_;
  LossHistory history_;
  std::unique_ptr<WeightingStrategy> strategy_;
  std::vector<double> weights_;
  std::int64_t step_ = 0;
};

}  // namespace dmf
