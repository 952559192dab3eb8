#include <cmath>
#include <numeric>

#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Brdr final : public WeightingRule {
 public:
  Brdr(std::size_t losses, double beta_c, double beta_w)
      : beta_c_(beta_c), beta_w_(beta_w), squares_(losses), weights_(losses, 1.0) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    constexpr double kEps = 1e-12;  // the authors'
    const std::vector<double> losses = signals.history.latest();
    ++steps_;
    const double seen = 1.0 - std::pow(beta_c_, steps_);
    std::vector<double> rate;  // inverse residual decay rate
    for (std::size_t k = 0; k < losses.size(); ++k) {
      squares_[k] = beta_c_ * squares_[k] + (1.0 - beta_c_) * losses[k] * losses[k];
      rate.push_back(losses[k] / std::sqrt(squares_[k] / seen + kEps));
    }
    const double mean =
        std::accumulate(rate.begin(), rate.end(), 0.0) / static_cast<double>(rate.size());
    for (std::size_t k = 0; k < losses.size(); ++k) {
      const double wanted = mean > 0.0 ? rate[k] / mean : 1.0;
      weights_[k] = beta_w_ * weights_[k] + (1.0 - beta_w_) * wanted;
    }
    return weights_;
  }

  std::vector<double> state() const override {
    std::vector<double> state = {steps_};
    state.insert(state.end(), squares_.begin(), squares_.end());
    state.insert(state.end(), weights_.begin(), weights_.end());
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    require_state(state, 1 + 2 * weights_.size(), "brdr",
                  "one count of steps and two numbers a loss");
    steps_ = state[0];
    auto from = state.begin() + 1;
    for (auto* part : {&squares_, &weights_}) {
      for (double& value : *part) value = *from++;
    }
  }

 private:
  double beta_c_, beta_w_;
  double steps_ = 0.0;
  std::vector<double> squares_, weights_;
};

}  // namespace

/// Balanced residual decay rate, by terms: a loss that has come down least, against the root of its
/// mean square until now, gets most.
///
///   m <- b_c m + (1 - b_c) L^2    r_k = L_k / sqrt(m_k / (1 - b_c^t) + 1e-12)
///   w <- b_w w + (1 - b_w) r / mean(r)    from w = 1
///
/// They sum to K. Where no loss is above 0 all are wanted alike. The paper's residual R^2 is the loss
/// L here.
///
/// source  Chen, Howard & Stinis, arXiv:2407.01613
RuleEntry brdr_rule() {
  const Range decay = kFraction;
  return {"brdr",
          "a loss that has come down least gets most",
          {{"brdr-beta-c", 0.999, "Decay of its mean squares", decay},
           {"brdr-beta-w", 0.999, "Decay of its weights", decay}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Brdr>(context.initial.size(), s.number("brdr-beta-c"),
                                          s.number("brdr-beta-w"));
          }};
}

}  // namespace dmf
