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

/// Where a rule wants to see the losses' gradients.
enum class GradientsAt : std::uint8_t {
  none,
  logits,  // of the network's output: they come out of the pass that the losses make anyway
};

/// What a rule waits for before it is asked.
struct RuleNeeds {
  std::size_t least_history = 0;  // values of each loss
  bool full_history = false;      // FusionSpec::history_size of them instead
  GradientsAt gradients = GradientsAt::none;
};

/// What a rule sees of a training step.
struct Signals {
  const LossHistory& history;          // this step's values are the latest
  const std::vector<double>& current;  // the weights in force, one a loss, summing to 1
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
  /// return  one weight a loss, summing to 1 (softadapt's: but for its authors' 1e-8)
  virtual std::vector<double> weights(const Signals& signals) = 0;
  /// What the rule itself remembers between updates, for checkpoints; empty for most.
  virtual std::vector<double> state() const { return {}; }
  /// throws  ValueError for a state that is not this rule's
  virtual void load_state(const std::vector<double>& state);
};

/// What every rule can be made from.
struct RuleContext {
  std::vector<double> initial;  // weights, one a loss, summing to 1
  std::uint64_t seed = 1;       // of rules that draw
};

/// What is known of a rule before it is made.
struct RuleEntry {
  std::string_view name, help;
  std::vector<Setting> settings;  // its own
  std::unique_ptr<WeightingRule> (*make)(const RuleContext&, const Settings&);
};

/// values scaled to sum 1, or uniform where their sum is 0.
std::vector<double> normalised_to_one(std::vector<double> values);

}  // namespace dmf
