#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dmf/auxiliary_schedule.h"
#include "dmf/loss_rules.h"

namespace dmf {

/// What the weights of a rule sum to when they are used.
enum class WeightScale : std::uint8_t { one, published };
inline constexpr Named<WeightScale> kWeightScales[] = {
    {"one", WeightScale::one, "to 1 for every rule"},
    {"published", WeightScale::published, "to whatever its authors' do"}};

/// What becomes of a rule's weights that are not above 0.
enum class NegativeWeights : std::uint8_t { clamp, keep, refuse };
inline constexpr Named<NegativeWeights> kNegativeWeights[] = {
    {"clamp", NegativeWeights::clamp, "a negative one becomes 0"},
    {"keep", NegativeWeights::keep, "they stay"},
    {"refuse", NegativeWeights::refuse, "one that is 0 or negative ends the training"}};

/// Everything that defines a fusion. Defaults are the paper's or its authors' demo's (METHOD).
struct FusionSpec {
  std::vector<std::string> losses = {};      // names of the K base losses, for messages
  std::string weighting = "variance";        // a rule's name, or an expression: expression_rule()
  std::size_t history_size = 50;             // values held before the rule takes over
  std::size_t history_size_max = 150;        // values remembered
  std::vector<double> initial_weights = {};  // empty: uniform; else K, >= 0, scaled to sum 1
  AuxiliarySchedule auxiliary = {};
  Settings rule = {};                // the rules' own; one that is not there is at its default
  std::uint64_t seed = 1;            // of rules that draw
  std::vector<double> draws = {};    // in the place of the seed's, for reference cases: see Draws
  std::int64_t steps_per_epoch = 0;  // for rules on epochs; 0: not known
  /// `one` makes rules comparable at one learning rate and one gamma, whatever their authors' weights
  /// sum to; the paper's do sum to 1 (section 4.7). Weights that sum to 1 already are left as they
  /// are, to the bit. Where a rule gives no weight above 0 at all, as where every gradient is 0, those
  /// in force stay.
  WeightScale scale = WeightScale::one;
  /// Before they are scaled. `clamp`, since a step along a negative weight raises a loss without
  /// bound, while at 0 the loss waits for the rule to come back to it; authors who keep them do so for
  /// gradients of parameters, where others make up for it. Zero is a weight like another but where
  /// `refuse` asks for no loss to be left out.
  NegativeWeights negative = NegativeWeights::clamp;
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
///               fusion.losses_after(values), where needs() asks for them
class Fusion {
 public:
  struct Factors {
    std::vector<double> weights;  // sum to 1 unless FusionSpec::scale says otherwise
    double gamma;
  };

  /// rules   among which spec.weighting is looked for, unless it is an expression
  /// throws  ValueError for a spec that cannot be, or a rule that asks for what it does not say
  explicit Fusion(const FusionSpec& spec, const std::vector<RuleEntry>& rules = loss_rules());
  /// With a rule of one's own in the place of spec.weighting, which then is only its name.
  Fusion(const FusionSpec& spec, std::unique_ptr<WeightingRule> rule);

  /// One training step: appends the values, updates the weights and advances the schedule.
  ///
  /// gradients  of these losses, where needs() asks for them
  /// throws     NumericError naming the loss and the step if a value, a product of gradients or a
  ///            weight is not finite or the rule has no answer, ValueError for gradients that are
  ///            wanted and not there, or of other losses, or losses_after() left out; nothing but
  ///            the rule's own state, where it gave a weight that is refused, is changed then
  Factors step(std::span<const double> values, const Gram* gradients = nullptr);
  /// The losses of the last step's batch again, after the update: where needs() asks for them,
  /// once a step.
  ///
  /// throws  NumericError as step(), ValueError for another count of values, a rule that does not ask
  ///         or a second call; nothing is changed then
  void losses_after(std::span<const double> values);
  /// Weights and gamma as they stand, for evaluation: changes nothing.
  Factors current() const { return {weights_, spec_.auxiliary.gamma(step_)}; }
  std::int64_t steps() const { return step_; }

  /// What the rule asks for.
  RuleNeeds needs() const { return rule_->needs(); }
  /// Steps until the rule takes over.
  std::size_t least_history() const;

  /// throws  ValueError between step() and losses_after(), where that is needed
  FusionState state() const;
  /// throws  ValueError for a state of other losses or of another rule
  void load_state(const FusionState& state);

 private:
  void require_finite(std::span<const double> values) const;
  void require_gradients(const Gram* gradients) const;
  std::vector<double> used(std::vector<double> published) const;
  std::vector<double> limited(const std::vector<double>& wanted) const;

  FusionSpec spec_;
  LossHistory history_;
  std::unique_ptr<WeightingRule> rule_;
  std::vector<double> weights_;
  std::int64_t step_ = 0;
  bool waits_ = false;  // for losses_after()
};

}  // namespace dmf
