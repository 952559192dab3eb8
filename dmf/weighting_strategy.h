#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dmf/loss_history.h"

namespace dmf {

/// Turns the memory of the losses into their weights. Knows numbers only: no tensors, no gradients.
class WeightingStrategy {
 public:
  virtual ~WeightingStrategy() = default;
  /// Registry key and option value: "variance".
  virtual std::string_view name() const = 0;
  /// history  at least one value a loss
  /// current  the weights in force, one a loss, summing to 1
  /// return   the new ones, summing to 1
  virtual std::vector<double> weights(const LossHistory& history,
                                      const std::vector<double>& current) = 0;
  /// What the rule itself remembers between updates, for checkpoints; empty for most.
  virtual std::vector<double> state() const { return {}; }
  /// throws  std::invalid_argument for a state that is not this rule's
  virtual void load_state(const std::vector<double>& state);
};

/// Weights proportional to the variance of each normalised history, equations (3) and (4): a loss
/// that still moves gets more. Uniform where no history varies.
std::unique_ptr<WeightingStrategy> make_variance_weighting();

/// Weights inversely proportional to the median absolute deviation, equations (5) and (6): a loss
/// that has become steady gets more.
std::unique_ptr<WeightingStrategy> make_mad_weighting();

/// Bayes' rule with likelihood 1 / (MAD + eps), equations (7) and (8); the posterior is the prior
/// of the next update. Computed on logarithms, so that a weight may become tiny, and grow again,
/// without underflow or overflow.
///
/// initial  the first prior, one weight a loss
std::unique_ptr<WeightingStrategy> make_bayesian_weighting(const std::vector<double>& initial);

/// The weights stay as they are: the baseline.
std::unique_ptr<WeightingStrategy> make_fixed_weighting();

/// "variance", "mad", "bayesian", "fixed"
const std::vector<std::string>& weighting_names();

/// throws  std::invalid_argument for a name that is none of weighting_names(), listing them
std::unique_ptr<WeightingStrategy> make_weighting(const std::string& name,
                                                  const std::vector<double>& initial);

/// values scaled to sum 1, or uniform where their sum is 0.
std::vector<double> normalised_to_one(std::vector<double> values);

}  // namespace dmf
