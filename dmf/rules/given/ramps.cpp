#include <algorithm>
#include <cmath>
#include <numbers>

#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Ramp final : public WeightingRule {
 public:
  /// cosine  along half a wave, not a line
  Ramp(bool cosine, std::vector<double> from, std::vector<double> to, std::int64_t steps)
      : cosine_(cosine),
        from_(std::move(from)),
        to_(to.empty() ? std::vector<double>(from_.size(), 1.0) : std::move(to)),
        steps_(static_cast<double>(steps)) {
    if (to_.size() != from_.size()) {
      throw ValueError("[ramp-final] " + std::to_string(to_.size()) + " weights for " +
                       std::to_string(from_.size()) + " losses: expected one a loss.");
    }
    to_ = normalised_to_one(std::move(to_));
  }

  RuleNeeds needs() const override { return {}; }

  std::vector<double> weights(const Signals&) override {
    const double way = std::min(step_ / steps_, 1.0);
    const double share = cosine_ ? 0.5 - 0.5 * std::cos(std::numbers::pi * way) : way;
    ++step_;
    std::vector<double> w;
    for (std::size_t k = 0; k < from_.size(); ++k) {
      w.push_back((1.0 - share) * from_[k] + share * to_[k]);
    }
    return w;
  }

  std::vector<double> state() const override { return {step_}; }

  void load_state(const std::vector<double>& state) override {
    require_state(state, 1, "ramp", "one count of steps");
    step_ = state[0];
  }

 private:
  bool cosine_;
  std::vector<double> from_, to_;
  double steps_;
  double step_ = 0.0;
};

std::vector<Setting> settings() {
  return {{"ramp-final", std::vector<double>{},
           "Weights at its end, one a base loss; without, uniform", kAtLeastZero},
          {"ramp-steps",
           std::int64_t{1000},
           "Steps from the initial weights to the final ones",
           {.least = 1}}};
}

template <bool cosine>
std::unique_ptr<WeightingRule> make(const RuleContext& context, const Settings& s) {
  return std::make_unique<Ramp>(cosine, context.initial, s.list("ramp-final"),
                                s.whole("ramp-steps"));
}

}  // namespace

/// From the initial weights to the final ones in so many steps, whatever the losses do; the first
/// step has the initial ones. The final weights are scaled to sum 1, as the initial ones are.
///
///   w(t) = (1 - s) w_initial + s w_final    linear: s = t / steps, at most 1
///                                           cosine: s = (1 - cos(pi t / steps)) / 2
///
/// source  schedules of the field; linear as PINA's LinearWeighting
RuleEntry linear_ramp_rule() {
  return {"linear_ramp", "from the initial weights to given ones, in a line", settings(),
          make<false>};
}
RuleEntry cosine_ramp_rule() {
  return {"cosine_ramp", "the same, slow at both ends", settings(), make<true>};
}

}  // namespace dmf
