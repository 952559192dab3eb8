#include <algorithm>
#include <cmath>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class Nash final : public GramRule {
 public:
  Nash(std::size_t losses, double max_norm, std::int64_t every)
      : max_norm_(max_norm), every_(static_cast<std::uint64_t>(every)), solution_(losses, 0.0) {}

  std::vector<double> state() const override {
    if (every_ == 1) return {};
    std::vector<double> state = solution_;
    state.push_back(static_cast<double>(steps_));
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    constexpr std::string_view kState = "one number a loss and one count of steps";
    require_state(state, every_ == 1 ? 0 : solution_.size() + 1, "nash", kState);
    if (every_ == 1) return;
    steps_ = count_of(state.back(), "nash", kState);
    std::copy_n(state.begin(), solution_.size(), solution_.begin());
  }

 private:
  void pass(std::size_t) override { ++steps_; }

  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const bool is_known = *std::max_element(solution_.begin(), solution_.end()) > 0.0;
    if (steps_ % every_ == 0 || !is_known) solution_ = solved(gram);
    ++steps_;
    Weights w = solution_;
    const double length = std::sqrt(squared_length(gram, w));
    if (max_norm_ > 0.0 && length > max_norm_) {
      for (double& each : w) each *= max_norm_ / length;
    }
    return w;
  }

  static Weights solved(const Gram& gram) {
    const Gram unit = scaled(gram, 1.0 / trace(gram));
    double squares = 0.0;
    for (std::size_t i = 0; i < unit.losses(); ++i) {
      for (std::size_t j = 0; j < unit.losses(); ++j) squares += unit(i, j) * unit(i, j);
    }
    return solve_power(scaled(unit, 1.0 / std::sqrt(squares)), 1.0);
  }

  double max_norm_;
  std::uint64_t every_, steps_ = 0;
  Weights solution_;  // the last, before it is scaled down; all 0: there was none
};

}  // namespace

/// Nash-MTL: the losses bargain for the direction; its Nash solution lowers each by the same share of
/// its own weight.
///
///   G w / |G| = 1 / w, w > 0    then w scaled down until |sum_k w_k g_k| <= max_norm
///
/// with |G| Frobenius's. Solved anew every nash-update-every steps; in between the last solution is
/// scaled to the step's own gradients, and where it was all 0 another is looked for. A loss without a gradient gets 0; all do where no direction lowers all.
///
/// source  Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022; solved exactly, not in
///         its 20 steps
RuleEntry nash_rule() {
  return {"nash",
          "the Nash solution of a bargain for the direction",
          {{"nash-max-norm", 1.0, "Of the weighted gradients' sum; 0: no limit", kAtLeastZero},
           {"nash-update-every",
            std::int64_t{1},
            "Steps from one solution to the next",
            {.least = 1.0}}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Nash>(context.initial.size(), s.number("nash-max-norm"),
                                          s.whole("nash-update-every"));
          }};
}

}  // namespace dmf
