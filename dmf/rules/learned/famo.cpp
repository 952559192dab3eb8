#include <cmath>
#include <numeric>

#include "dmf/adam.h"
#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Famo final : public WeightingRule {
 public:
  Famo(std::size_t losses, double rate, double weight_decay)
      : logits_(losses, 0.0), before_(losses, 0.0), adam_(losses, rate, weight_decay) {}

  RuleNeeds needs() const override { return {.least_history = 1, .losses_after_update = true}; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = signals.history.latest();
    std::vector<double> above;
    for (std::size_t k = 0; k < losses.size(); ++k) above.push_back(above_zero(losses[k], k));
    before_ = above;
    std::vector<double> w = softmax(logits_);
    for (std::size_t k = 0; k < w.size(); ++k) w[k] /= above[k];
    return normalised_to_one(std::move(w));
  }

  void losses_after(const std::vector<double>& values) override {
    std::vector<double> fallen;  // of the logarithms
    for (std::size_t k = 0; k < values.size(); ++k) {
      fallen.push_back(std::log(before_[k]) - std::log(above_zero(values[k], k)));
    }
    const std::vector<double> z = softmax(logits_);
    const double mean = std::inner_product(z.begin(), z.end(), fallen.begin(), 0.0);
    std::vector<double> gradient;
    for (std::size_t k = 0; k < z.size(); ++k) gradient.push_back(z[k] * (fallen[k] - mean));
    adam_.update(logits_, gradient);
  }

  std::vector<double> state() const override {
    std::vector<double> state = logits_;
    state.insert(state.end(), before_.begin(), before_.end());
    adam_.append_state(state);
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    const std::size_t losses = logits_.size();
    require_state(state, 2 * losses + adam_.state_size(), "famo",
                  "four numbers a loss and one count of steps");
    logits_.assign(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(losses));
    std::copy_n(state.begin() + static_cast<std::ptrdiff_t>(losses), losses, before_.begin());
    adam_.load_state(state.data() + 2 * losses);
  }

 private:
  static double above_zero(double loss, std::size_t k) {
    constexpr double kEps = 1e-8;  // the authors'
    positive_loss(loss, k, "famo");
    return loss + kEps;
  }

  std::vector<double> logits_;  // of the shares z
  std::vector<double> before_;  // the losses that the last weights were for, above zero
  Adam adam_;
};

}  // namespace

/// Fast adaptive multitask optimisation: a loss that an update lowered least, relative to itself, gets
/// more at the next. With z = softmax(xi), xi from 0, and the least losses b = 0,
///
///   w_k = c z_k / (L_k + 1e-8)    c such that they sum to 1
///   xi by Adam on J_softmax^T (log(L + 1e-8) - log(L' + 1e-8))    L' the same batch's after the update
///
/// A negative loss is an error.
///
/// source  Liu et al., "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023
RuleEntry famo_rule() {
  return {"famo",
          "a loss that the last update lowered least gets more",
          {{"famo-lr", 0.025, "Adam's rate for the logits of its shares", kAboveZero},
           {"famo-weight-decay", 1e-3, "Of those logits", kAtLeastZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Famo>(context.initial.size(), s.number("famo-lr"),
                                          s.number("famo-weight-decay"));
          }};
}

}  // namespace dmf
