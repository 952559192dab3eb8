#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "dmf/statistics.h"
#include "dmf/weighting_strategy.h"

namespace dmf {
namespace {

class BayesianWeighting final : public WeightingStrategy {
 public:
  explicit BayesianWeighting(const std::vector<double>& initial) {
    for (const double w : initial) log_prior_.push_back(std::log(w));
  }

  std::string_view name() const override { return "bayesian"; }

  std::vector<double> weights(const LossHistory& history, const std::vector<double>&) override {
    for (std::size_t k = 0; k < history.losses(); ++k) {
      const double mad = median_absolute_deviation(normalised(history.of(k)));
      log_prior_[k] -= std::log(mad + kFusionEps);  // (8): log likelihood (7) + log prior
    }
    // Normalise: shift by the largest, so that no exponential overflows and the sum is at least 1.
    const double largest = *std::max_element(log_prior_.begin(), log_prior_.end());
    double sum = 0.0;
    for (const double lp : log_prior_) sum += std::exp(lp - largest);
    std::vector<double> posterior;
    for (double& lp : log_prior_) {
      lp -= largest + std::log(sum);
      posterior.push_back(std::exp(lp));
    }
    return normalised_to_one(std::move(posterior));
  }

  std::vector<double> state() const override { return log_prior_; }

  void load_state(const std::vector<double>& state) override {
    if (state.size() != log_prior_.size()) {
      throw std::invalid_argument("[dmf] a state of " + std::to_string(state.size()) +
                                  " priors for " + std::to_string(log_prior_.size()) + " losses.");
    }
    log_prior_ = state;
  }

 private:
  std::vector<double> log_prior_;
};

}  // namespace

std::unique_ptr<WeightingStrategy> make_bayesian_weighting(const std::vector<double>& initial) {
  return std::make_unique<BayesianWeighting>(initial);
}

}  // namespace dmf
