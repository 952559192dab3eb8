#include <cmath>

#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class Nash final : public GramRule {
 public:
  explicit Nash(double max_norm) : max_norm_(max_norm) {}

 private:
  Weights weights(const Gram& gram, const std::vector<double>&) override {
    const Gram unit = scaled(gram, 1.0 / trace(gram));
    double squares = 0.0;
    for (std::size_t i = 0; i < unit.losses(); ++i) {
      for (std::size_t j = 0; j < unit.losses(); ++j) squares += unit(i, j) * unit(i, j);
    }
    Weights w = solve_power(scaled(unit, 1.0 / std::sqrt(squares)), 1.0);
    const double length = std::sqrt(squared_length(gram, w));
    if (max_norm_ > 0.0 && length > max_norm_) {
      for (double& each : w) each *= max_norm_ / length;
    }
    return w;
  }

  double max_norm_;
};

}  // namespace

/// Nash-MTL: the losses bargain for the direction; its Nash solution lowers each by the same share of
/// its own weight.
///
///   G w / |G| = 1 / w, w > 0    then w scaled down until |sum_k w_k g_k| <= max_norm
///
/// with |G| Frobenius's. A loss without a gradient gets 0; all do where no direction lowers all.
///
/// source  Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022; solved exactly, not in
///         its 20 steps
RuleEntry nash_rule() {
  return {"nash",
          "the Nash solution of a bargain for the direction",
          {{"nash-max-norm", 1.0, "Of the weighted gradients' sum; 0: no limit", kAtLeastZero}},
          [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Nash>(s.number("nash-max-norm"));
          }};
}

}  // namespace dmf
