#pragma once

#include <cstdint>
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
  /// Whether the rule reads the memory, and so waits until enough of it is held.
  virtual bool needs_memory() const { return true; }
  /// history  at least one value a loss
  /// current  the weights in force, one a loss, summing to 1
  /// return   the new ones, summing to 1 (softadapt's: but for its authors' 1e-8)
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

/// The softmax of standard normals, drawn anew every step: a control that tells a rule's merit from
/// that of weights which merely move. A checkpoint keeps the number of draws; the same seed and
/// number give the same weights.
///
/// source  Lin et al., "Reasonable Effectiveness of Random Weighting", arXiv:2111.10603
std::unique_ptr<WeightingStrategy> make_random_weighting(std::uint64_t seed);

/// softadapt's: the rate of change of each loss, by forward differences over `order` + 1 values,
/// weighs it through a softmax of inverse temperature `beta`.
struct SoftAdaptOptions {
  std::string variant = "original";  // "normalized": rates over their sum; "loss_weighted": times
                                     // the loss's mean
  double beta = 0.1;
  int order = 1;  // accuracy of the differences, 1 to 5
};

/// "original", "normalized", "loss_weighted"
const std::vector<std::string>& softadapt_variants();

/// SoftAdapt, for comparison: a loss that falls slowest gets most. Uniform until order + 1 values
/// are held.
///
/// source  Heydari et al., arXiv:1912.12355
/// throws  std::invalid_argument for options out of range
std::unique_ptr<WeightingStrategy> make_softadapt_weighting(const SoftAdaptOptions& options);

struct CovWeightingOptions {
  double decay = 0.0;  // of the running means; 0: means over all steps
};

/// Weights proportional to each loss's coefficient of variation (of the loss over its running
/// mean), for comparison. Uniform for two steps.
///
/// source  Groenendijk et al., "Multi-Loss Weighting with Coefficient of Variations", WACV 2021
/// throws  std::invalid_argument for a decay out of range
std::unique_ptr<WeightingStrategy> make_cov_weighting(const CovWeightingOptions& options,
                                                      std::size_t losses);

/// The options of all rules in one place.
struct WeightingOptions {
  std::uint64_t seed = 1;  // of "random"
  SoftAdaptOptions softadapt;
  CovWeightingOptions cov;
};

/// "variance", "mad", "bayesian", "fixed", "random", "softadapt", "cov_weighting"
const std::vector<std::string>& weighting_names();

/// initial  one weight a loss; the first prior of "bayesian"
/// throws   std::invalid_argument for a name that is none of weighting_names(), listing them
std::unique_ptr<WeightingStrategy> make_weighting(const std::string& name,
                                                  const std::vector<double>& initial,
                                                  const WeightingOptions& options);

/// values scaled to sum 1, or uniform where their sum is 0.
std::vector<double> normalised_to_one(std::vector<double> values);

}  // namespace dmf
