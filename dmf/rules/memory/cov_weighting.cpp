#include <cmath>
#include <string>

#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

/// The running statistics of one loss.
struct Statistics {
  double mean_loss = 0.0;   // of the raw losses
  double mean_ratio = 0.0;  // of the loss over its mean until then
  double squares = 0.0;     // sum of the ratio's squared deviations (Welford)
};

class CovWeighting final : public WeightingRule {
 public:
  CovWeighting(double decay, std::size_t losses) : decay_(decay), losses_(losses) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> w(losses_.size(), 1.0);
    if (step_ > 1) {  // from the statistics before this step
      for (std::size_t k = 0; k < w.size(); ++k) {
        const Statistics& s = losses_[k];
        constexpr double kEps = 1e-8;  // the authors'
        const double deviation = std::sqrt(s.squares / static_cast<double>(step_) + kEps);
        w[k] = s.mean_ratio > 0.0 ? deviation / s.mean_ratio : 0.0;
      }
    }
    for (std::size_t k = 0; k < w.size(); ++k) take_in(losses_[k], signals.history.of(k).back());
    ++step_;
    return normalised_to_one(std::move(w));
  }

  std::vector<double> state() const override {
    std::vector<double> state = {static_cast<double>(step_)};
    for (const Statistics& s : losses_) {
      state.insert(state.end(), {s.mean_loss, s.mean_ratio, s.squares});
    }
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    if (state.size() != 1 + 3 * losses_.size() || !(state[0] >= 0.0 && state[0] < 0x1p53)) {
      throw ValueError(
          "[dmf] the state of the rule 'cov_weighting' is a count of steps and three numbers a "
          "loss.");
    }
    step_ = static_cast<std::int64_t>(state[0]);
    for (std::size_t k = 0; k < losses_.size(); ++k) {
      losses_[k] = {state[3 * k + 1], state[3 * k + 2], state[3 * k + 3]};
    }
  }

 private:
  void take_in(Statistics& s, double loss) const {
    const double until_now = step_ == 0 ? loss : s.mean_loss;
    const double ratio = until_now != 0.0 ? loss / until_now : 1.0;
    double kept = 0.0;  // share of the old mean in the new
    if (step_ > 0) {
      kept = decay_ > 0.0 ? decay_ : 1.0 - 1.0 / static_cast<double>(step_ + 1);
    }
    const double mean_before = s.mean_ratio;
    s.mean_ratio = kept * s.mean_ratio + (1.0 - kept) * ratio;
    s.squares += (ratio - mean_before) * (ratio - s.mean_ratio);
    s.mean_loss = kept * s.mean_loss + (1.0 - kept) * loss;
  }

  double decay_;  // of the running means; 0: means over all steps
  std::vector<Statistics> losses_;
  std::int64_t step_ = 0;
};

}  // namespace

/// Weights proportional to each loss's coefficient of variation (of the loss over its running
/// mean), for comparison. Uniform for two steps.
///
/// source  Groenendijk et al., "Multi-Loss Weighting with Coefficient of Variations", WACV 2021
RuleEntry cov_weighting_rule() {
  return {"cov_weighting",
          "by each loss's coefficient of variation",
          {{"cov-decay", 0.0,
            "Of its running means; 0: means over all steps; 1: the first step's for good", kUnit}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<CovWeighting>(s.number("cov-decay"), context.initial.size());
          }};
}

}  // namespace dmf
