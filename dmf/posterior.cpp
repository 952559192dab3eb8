#include "dmf/posterior.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/core/errors.h"

namespace dmf {

Posterior::Posterior(const std::vector<double>& prior) {
  for (const double w : prior) log_prior_.push_back(std::log(w));
}

std::vector<double> Posterior::update(const std::vector<double>& log_likelihoods,
                                      double forgetting) {
  for (std::size_t k = 0; k < log_prior_.size(); ++k) log_prior_[k] += log_likelihoods[k];
  // Normalise: shift by the largest, so that no exponential overflows and the sum is at least 1.
  const double largest = *std::max_element(log_prior_.begin(), log_prior_.end());
  double sum = 0.0;
  for (const double lp : log_prior_) sum += std::exp(lp - largest);
  std::vector<double> posterior;
  for (double& lp : log_prior_) {
    lp -= largest + std::log(sum);
    posterior.push_back(std::exp(lp));
    lp *= forgetting;
  }
  return posterior;
}

void Posterior::load_state(const std::vector<double>& state) {
  if (state.size() != log_prior_.size()) {
    throw ValueError("[dmf] a state of " + std::to_string(state.size()) + " priors for " +
                     std::to_string(log_prior_.size()) + " losses.");
  }
  log_prior_ = state;
}

}  // namespace dmf
