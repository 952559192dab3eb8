#include <cmath>

#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

/// TorchJD's form.
class Stch final : public WeightingRule {
 public:
  explicit Stch(double mu) : mu_(mu) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    std::vector<double> w = signals.history.latest();
    const double count = static_cast<double>(w.size());
    for (double& value : w) value = value / count / mu_;
    w = softmax(std::move(w));
    for (double& value : w) value /= count;
    return w;
  }

 private:
  double mu_;
};

/// LibMTL's form.
class StchNadir final : public WeightingRule {
 public:
  StchNadir(const RuleContext& context, double mu, std::int64_t warmup)
      : mu_(mu),
        steps_per_epoch_(static_cast<double>(context.steps_per_epoch)),
        warmup_(static_cast<double>(warmup)),
        sum_(context.initial.size()) {}

  RuleNeeds needs() const override { return {.least_history = 1, .epochs = true}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = positive_losses(signals.history, "stch");
    const double epoch = std::floor(steps_ / steps_per_epoch_);
    std::vector<double> w(losses.size(), 1.0);
    if (epoch > warmup_) {
      for (std::size_t k = 0; k < w.size(); ++k) {
        w[k] = std::log(losses[k] / (sum_[k] / steps_per_epoch_)) / mu_;
      }
      w = softmax(std::move(w));
      for (double& weight : w) weight *= static_cast<double>(w.size());
    }
    for (std::size_t k = 0; k < w.size(); ++k) {
      w[k] /= losses[k];
      if (epoch == warmup_) sum_[k] += losses[k];
    }
    ++steps_;
    return w;
  }

  std::vector<double> state() const override {
    std::vector<double> state = {steps_};
    state.insert(state.end(), sum_.begin(), sum_.end());
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    require_state(state, 1 + sum_.size(), "stch", "one count of steps and one number a loss");
    steps_ = state[0];
    sum_.assign(state.begin() + 1, state.end());
  }

 private:
  double mu_, steps_per_epoch_, warmup_;
  double steps_ = 0.0;
  std::vector<double> sum_;  // over the epoch whose mean is the nadir
};

enum class Form : std::uint8_t { torchjd, libmtl };

constexpr Named<Form> kForms[] = {
    {"torchjd", Form::torchjd, "of the losses over K"},
    {"libmtl", Form::libmtl, "of the logarithms of the losses over their mean after a warm-up"}};

}  // namespace

/// Smooth Tchebycheff scalarization: the objective is a smooth maximum of the losses, whose
/// derivatives are the weights, so a loss that is worst gets most, the more the smaller mu. Two forms
/// are published:
///
///   torchjd   mu log sum_j exp(L_j / (K mu))             w_k = softmax_k(L / (K mu)) / K
///   libmtl    K mu log sum_j exp(log(L_j / n_j) / mu)    w_k = K softmax_k(log(L / n) / mu) / L_k
///
/// The first's weights sum to 1 / K. The second's n, the nadir, is each loss's mean over the epoch of
/// number `warmup`, counted from 0; until that is over the objective is the sum of the logarithms and
/// w_k = 1 / L_k. In it a loss below 1e-8 weighs as one of 1e-8, and a negative one is an error.
///
/// source  Lin et al., "Smooth Tchebycheff Scalarization for Multi-Objective Optimization", ICML 2024
RuleEntry stch_rule() {
  return {"stch",
          "a smooth maximum: the worst loss gets most",
          {{"stch-form",
            std::string("torchjd"),
            "Smooth maximum: " + help_of(kForms),
            {},
            names_of(kForms)},
           {"stch-mu", 1.0, "Its smoothness", kAboveZero},
           {"stch-warmup",
            std::int64_t{4},
            "Epochs before the one of the nadir (libmtl)",
            {.least = 0}}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            const double mu = s.number("stch-mu");
            if (entry_named(kForms, s.text("stch-form"), "stch-form").value == Form::torchjd) {
              return std::make_unique<Stch>(mu);
            }
            return std::make_unique<StchNadir>(context, mu, s.whole("stch-warmup"));
          }};
}

}  // namespace dmf
