#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Dwa final : public WeightingRule {
 public:
  Dwa(const RuleContext& context, double temperature)
      : temperature_(temperature),
        steps_per_epoch_(static_cast<double>(context.steps_per_epoch)),
        sum_(context.initial.size()),
        last_(sum_),
        before_(sum_) {}

  RuleNeeds needs() const override { return {.least_history = 1, .epochs = true}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    if (steps_ == steps_per_epoch_) end_epoch();
    std::vector<double> w(sum_.size(), 1.0);
    if (epochs_ > 1.0) {
      for (std::size_t k = 0; k < w.size(); ++k) {
        w[k] = (before_[k] != 0.0 ? last_[k] / before_[k] : 1.0) / temperature_;
      }
      w = softmax(std::move(w));
      for (double& weight : w) weight *= static_cast<double>(w.size());
    }
    const std::vector<double> losses = signals.history.latest();
    for (std::size_t k = 0; k < w.size(); ++k) sum_[k] += losses[k];
    ++steps_;
    return w;
  }

  std::vector<double> state() const override {
    std::vector<double> state = {epochs_, steps_};
    for (const auto* part : {&sum_, &last_, &before_}) {
      state.insert(state.end(), part->begin(), part->end());
    }
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    require_state(state, 2 + 3 * sum_.size(), "dwa",
                  "its epochs, the steps of the present one and three numbers a loss");
    epochs_ = state[0];
    steps_ = state[1];
    auto from = state.begin() + 2;
    for (auto* part : {&sum_, &last_, &before_}) {
      for (double& value : *part) value = *from++;
    }
  }

 private:
  void end_epoch() {
    before_ = last_;
    for (std::size_t k = 0; k < sum_.size(); ++k) last_[k] = sum_[k] / steps_;
    sum_.assign(sum_.size(), 0.0);
    steps_ = 0.0;
    ++epochs_;
  }

  double temperature_, steps_per_epoch_;
  double epochs_ = 0.0;  // that are over
  double steps_ = 0.0;   // of the present one
  std::vector<double> sum_, last_,
      before_;  // of its losses; means of the last epoch, the one before
};

}  // namespace

/// Dynamic weight averaging: from each loss's mean over the last epoch, and over the one before,
///
///   w_k = K softmax_k(mean_k(e - 1) / mean_k(e - 2) / T)
///
/// so that a loss that falls slowest gets most. All are 1 in the first two epochs. A loss whose mean
/// was 0 counts as unchanged.
///
/// source  Liu et al., "End-to-End Multi-Task Learning with Attention", CVPR 2019; T = 2
RuleEntry dwa_rule() {
  return {"dwa",
          "a loss that fell slowest in the last epoch gets most",
          {{"dwa-temperature", 2.0, "Of its softmax", kAboveZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Dwa>(context, s.number("dwa-temperature"));
          }};
}

}  // namespace dmf
