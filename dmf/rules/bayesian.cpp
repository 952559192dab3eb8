#include <algorithm>
#include <cmath>

#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Bayesian final : public WeightingRule {
 public:
  explicit Bayesian(const std::vector<double>& initial) {
    for (const double w : initial) log_prior_.push_back(std::log(w));
  }

  RuleNeeds needs() const override { return {.full_history = true}; }

  std::vector<double> weights(const Signals& signals) override {
    for (std::size_t k = 0; k < signals.history.losses(); ++k) {
      const double mad = median_absolute_deviation(normalised(signals.history.of(k)));
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
      throw ValueError("[dmf] a state of " + std::to_string(state.size()) + " priors for " +
                       std::to_string(log_prior_.size()) + " losses.");
    }
    log_prior_ = state;
  }

 private:
  std::vector<double> log_prior_;
};

}  // namespace

/// Bayes' rule with likelihood 1 / (MAD + eps), equations (7) and (8); the posterior is the prior
/// of the next update, the initial weights the first. Computed on logarithms, so that a weight may
/// become tiny, and grow again, without underflow or overflow.
RuleEntry bayesian_rule() {
  return {"bayesian",
          "steadiness gathered over all updates, eq. (7), (8)",
          {},
          [](const RuleContext& context, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Bayesian>(context.initial);
          }};
}

}  // namespace dmf
