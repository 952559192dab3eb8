#pragma once

#include <vector>

namespace dmf {

/// What Bayes' rule makes of evidence on K losses, eq. (8): a posterior that is the next prior. Kept as
/// logarithms, so that a weight may become tiny, and grow again, without underflow or overflow.
class Posterior {
 public:
  /// prior  one a loss, above 0, summing to 1
  explicit Posterior(const std::vector<double>& prior);

  /// log_likelihoods  one a loss
  /// forgetting       exponent of the posterior as the next prior
  /// return           the posterior, one a loss, summing to 1 but for rounding
  std::vector<double> update(const std::vector<double>& log_likelihoods, double forgetting = 1.0);

  /// The logarithms of the prior, for checkpoints.
  const std::vector<double>& state() const { return log_prior_; }
  /// throws  ValueError for another count of them
  void load_state(const std::vector<double>& state);

 private:
  std::vector<double> log_prior_;
};

}  // namespace dmf
