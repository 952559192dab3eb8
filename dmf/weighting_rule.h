#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dmf/gram.h"
#include "dmf/loss_history.h"
#include "engine/core/settings.h"

namespace dmf {

/// What a rule waits for before it is asked.
struct RuleNeeds {
  std::size_t least_history = 0;     // values of each loss
  bool full_history = false;         // at least FusionSpec::history_size of them
  bool gradients = false;            // Signals::gradients, wherever they were taken
  bool epochs = false;               // RuleContext::steps_per_epoch
  bool losses_after_update = false;  // losses_after(), between a step and the next
};

/// What a rule sees of a training step.
struct Signals {
  const LossHistory& history;          // this step's values are the latest
  const std::vector<double>& current;  // the weights in force, one a loss
  const Gram* gradients;               // this step's; null unless the rule needs them
};

/// Turns the signals of a training into the losses' weights. Knows numbers only: no tensors, and
/// nothing is differentiated through it.
class WeightingRule {
 public:
  virtual ~WeightingRule() = default;
  virtual RuleNeeds needs() const = 0;
  /// Called at every step that brings what the rule needs.
  ///
  /// return  one finite weight a loss, on the scale on which the rule was published: dwa's sum to K,
  ///         upgrad's to no constant. They may be zero, and negative where the rule's docstring says
  ///         so. What a training does with either is FusionSpec's: `scale` and `negative`
  /// throws  NumericError for signals that the rule has no answer to, before it changes its state
  virtual std::vector<double> weights(const Signals& signals) = 0;
  /// Whether those sum to 1 as they are (softadapt's: but for its authors' 1e-8), so that nobody need
  /// scale them to it, and round them once more.
  virtual bool sums_to_one() const { return true; }
  /// The losses of the same batch after the update that weights() was for, where needs() asks for
  /// them.
  virtual void losses_after(const std::vector<double>& values);
  /// What the rule itself remembers between updates, for checkpoints; empty for most.
  virtual std::vector<double> state() const { return {}; }
  /// throws  ValueError for a state that is not this rule's
  virtual void load_state(const std::vector<double>& state);
};

/// What every rule can be made from.
struct RuleContext {
  std::vector<double> initial;       // weights, one a loss, summing to 1
  std::uint64_t seed = 1;            // of rules that draw
  std::int64_t steps_per_epoch = 0;  // 0: not known
  std::vector<double> draws = {};    // in the place of the seed's: see Draws
};

/// What is known of a rule before it is made.
struct RuleEntry {
  std::string_view name, help;
  std::vector<Setting> settings;  // its own
  std::unique_ptr<WeightingRule> (*make)(const RuleContext&, const Settings&);
};

/// values scaled to sum 1, or uniform where their sum is 0.
std::vector<double> normalised_to_one(std::vector<double> values);

/// throws  ValueError "[dmf] the state of the rule 'dwa' is WHAT." unless it has so many numbers
void require_state(const std::vector<double>& state, std::size_t size, std::string_view rule,
                   std::string_view what);
/// A count out of a rule's state.
///
/// throws  ValueError as above for a number that counts nothing
std::uint64_t count_of(double number, std::string_view rule, std::string_view what);

/// This step's loss of number k for a rule that divides by it or takes its logarithm: at least
/// kLeastLoss, so that a loss that has reached 0 weighs as one of 1e-8 and not infinitely much.
///
/// throws  NumericError for a negative one, naming the rule and the loss's number
inline constexpr double kLeastLoss = 1e-8;
double positive_loss(double value, std::size_t k, std::string_view rule);
/// Of all losses, this step's.
std::vector<double> positive_losses(const LossHistory& history, std::string_view rule);

}  // namespace dmf
