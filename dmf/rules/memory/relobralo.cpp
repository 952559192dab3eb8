#include "dmf/draws.h"
#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Relobralo final : public WeightingRule {
 public:
  Relobralo(const RuleContext& context, double alpha, double beta, double temperature)
      : alpha_(alpha),
        beta_(beta),
        temperature_(temperature),
        draws_(context.seed, context.draws),
        weights_(context.initial.size(), 1.0),
        first_(weights_.size()),
        previous_(weights_.size()) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = signals.history.latest();
    const bool begins = draws_.steps() == 0;
    const double kept = draws_.event(beta_) ? 1.0 : 0.0;
    if (begins) {
      first_ = losses;
    } else {
      const std::vector<double> since_first = balance(losses, first_);
      const std::vector<double> since_previous = balance(losses, previous_);
      for (std::size_t k = 0; k < losses.size(); ++k) {
        weights_[k] = alpha_ * (kept * weights_[k] + (1.0 - kept) * since_first[k]) +
                      (1.0 - alpha_) * since_previous[k];
      }
    }
    previous_ = losses;
    return weights_;
  }

  std::vector<double> state() const override {
    std::vector<double> state = {static_cast<double>(draws_.steps())};
    for (const auto* part : {&weights_, &first_, &previous_}) {
      state.insert(state.end(), part->begin(), part->end());
    }
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    constexpr std::string_view kState = "one count of draws and three numbers a loss";
    require_state(state, 1 + 3 * weights_.size(), "relobralo", kState);
    draws_.set_steps(count_of(state[0], "relobralo", kState));
    auto from = state.begin() + 1;
    for (auto* part : {&weights_, &first_, &previous_}) {
      for (double& value : *part) value = *from++;
    }
  }

 private:
  /// K softmax(now / (T then))
  std::vector<double> balance(const std::vector<double>& now,
                              const std::vector<double>& then) const {
    constexpr double kEps = 1e-8;  // PhysicsNeMo's
    std::vector<double> ratios;
    for (std::size_t k = 0; k < now.size(); ++k) {
      ratios.push_back(now[k] / (temperature_ * then[k] + kEps));
    }
    ratios = softmax(std::move(ratios));
    for (double& each : ratios) each *= static_cast<double>(now.size());
    return ratios;
  }

  double alpha_, beta_, temperature_;
  Draws draws_;
  std::vector<double> weights_, first_, previous_;
};

}  // namespace

/// Relative loss balancing with random lookback: each loss against its value at the step before and,
/// once in a while, at the first step.
///
///   b(t, t') = K softmax(L(t) / (T L(t') + 1e-8))
///   w(t) = alpha (rho w(t-1) + (1 - rho) b(t, 0)) + (1 - alpha) b(t, t-1)    rho ~ Bernoulli(beta)
///
/// All are 1 at the first step. They sum to K. Every step draws, the first too, where nothing
/// depends on it; a reference case gives the rhos.
///
/// source  Bischof & Kraus, arXiv:2110.09813; defaults as PhysicsNeMo's
RuleEntry relobralo_rule() {
  return {"relobralo",
          "by each loss's ratio to its value before and, at random, at first",
          {{"relobralo-alpha", 0.95, "Share that the weights before keep", kUnit},
           {"relobralo-beta", 0.99, "Probability of not looking back to the first step", kUnit},
           {"relobralo-temperature", 1.0, "Of its softmax", kAboveZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Relobralo>(context, s.number("relobralo-alpha"),
                                               s.number("relobralo-beta"),
                                               s.number("relobralo-temperature"));
          }};
}

}  // namespace dmf
