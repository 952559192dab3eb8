#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dmf/auxiliary_schedule.h"
#include "dmf/rules.h"

namespace dmf {

/// Everything that defines a fusion. Defaults are the paper's or its authors' demo's (METHOD).
struct FusionSpec {
  std::vector<std::string> losses;  // names of the K base losses, for messages
  std::string weighting = "variance";
  std::size_t history_size = 50;        // values held before the rule takes over
  std::size_t history_size_max = 150;   // values remembered
  std::vector<double> initial_weights;  // empty: uniform; else K, >= 0, scaled to sum 1
  AuxiliarySchedule auxiliary;
  Settings rule = rule_settings();  // of all rules; the one that weighs reads its own
  std::uint64_t seed = 1;           // of rules that draw
  // The paper's two open ends (section 5), off by default:
  double averaging = 0.0;       // w = averaging * previous + (1 - averaging) * rule's
  double largest_change = 0.0;  // of any weight in one step; 0: no limit

  /// throws  ValueError naming the field, what it is and what was expected
  void validate() const;
};

/// throws  NumericError naming what is not finite, its value and the step
[[noreturn]] void throw_not_finite(const std::string& what, double value, std::int64_t step);

/// All that a fusion remembers, for checkpoints.
struct FusionState {
  std::int64_t step = 0;
  std::vector<std::vector<double>> history;  // by loss, oldest first
  std::vector<double> weights;
  std::vector<double> rule;
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
  /// With a rule of one's own in the place of spec.weighting, which then is only its name.
  Fusion(const FusionSpec& spec, std::unique_ptr<WeightingRule> rule);

  /// One training step: appends the values, updates the weights and advances the schedule.
  ///
  /// gradients  of these losses, where needs() asks for them
  /// throws     NumericError naming the loss and the step if a value is not finite, ValueError for
  ///            gradients that are wanted and not there, or of other losses; nothing is changed then
  Factors step(std::span<const double> values, const Gram* gradients = nullptr);
  /// Weights and gamma as they stand, for evaluation: changes nothing.
  Factors current() const { return {weights_, spec_.auxiliary.gamma(step_)}; }
  std::int64_t steps() const { return step_; }

  /// What the rule asks for.
  RuleNeeds needs() const { return rule_->needs(); }
  /// Steps until the rule takes over.
  std::size_t least_history() const;

  FusionState state() const;
  /// throws  ValueError for a state of other losses or of another rule
  void load_state(const FusionState& state);

 private:
  std::vector<double> limited(const std::vector<double>& wanted) const;

  FusionSpec spec_;
  LossHistory history_;
  std::unique_ptr<WeightingRule> rule_;
  std::vector<double> weights_;
  std::int64_t step_ = 0;
};

}  // namespace dmf
