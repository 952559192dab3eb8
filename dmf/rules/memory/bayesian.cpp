#include <algorithm>
#include <cmath>

#include "dmf/posterior.h"
#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Bayesian final : public WeightingRule {
 public:
  /// forgetting  exponent of a posterior as the next prior
  /// floor       of a weight
  Bayesian(const std::vector<double>& initial, double forgetting, double floor)
      : forgetting_(forgetting), floor_(floor), posterior_(initial) {}

  RuleNeeds needs() const override { return {.full_history = true}; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> log_likelihoods;
    for (std::size_t k = 0; k < signals.history.losses(); ++k) {
      const double mad = median_absolute_deviation(normalised(signals.history.of(k)));
      log_likelihoods.push_back(-std::log(mad + kFusionEps));  // (7)
    }
    std::vector<double> w = normalised_to_one(posterior_.update(log_likelihoods, forgetting_));
    if (floor_ == 0.0) return w;
    for (double& weight : w) weight = std::max(weight, floor_);
    return normalised_to_one(std::move(w));
  }

  std::vector<double> state() const override { return posterior_.state(); }
  void load_state(const std::vector<double>& state) override { posterior_.load_state(state); }

 private:
  double forgetting_, floor_;
  Posterior posterior_;
};

}  // namespace

/// Bayes' rule with likelihood 1 / (MAD + eps), equations (7) and (8); the posterior is the prior
/// of the next update, the initial weights the first. Computed on logarithms, so that a weight may
/// become tiny, and grow again, without underflow or overflow.
///
/// Two options of ours, off by default, for what is known of it, that one loss ends with all the
/// weight: the next prior is the posterior to the power of `forgetting`, so that old evidence fades;
/// and no weight is below `floor` before they are scaled to sum 1 again, while the priors go on
/// without it.
RuleEntry bayesian_rule() {
  return {"bayesian",
          "steadiness gathered over all updates, eq. (7), (8)",
          {{"bayesian-forgetting", 1.0,
            "Exponent of a posterior as the next prior; 1: all evidence counts for good",
            kAboveZeroToOne},
           {"bayesian-floor", 0.0, "Of a weight, before they are scaled to sum 1", kFraction}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Bayesian>(context.initial, s.number("bayesian-forgetting"),
                                              s.number("bayesian-floor"));
          }};
}

}  // namespace dmf
