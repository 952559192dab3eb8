#include "dmf/draws.h"
#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Random final : public WeightingRule {
 public:
  explicit Random(Draws draws) : draws_(std::move(draws)) {}

  RuleNeeds needs() const override { return {}; }

  std::vector<double> weights(const Signals& signals) override {
    return softmax(draws_.normals(signals.history.losses()));
  }

  std::vector<double> state() const override { return {static_cast<double>(draws_.steps())}; }

  void load_state(const std::vector<double>& state) override {
    constexpr std::string_view kState = "one count of draws";
    require_state(state, 1, "random", kState);
    draws_.set_steps(count_of(state[0], "random", kState));
  }

 private:
  Draws draws_;
};

}  // namespace

/// The softmax of standard normals, drawn anew every step: a control that tells a rule's merit from
/// that of weights which merely move. A checkpoint keeps the number of draws; the same seed and
/// number give the same weights.
///
/// source  Lin et al., "Reasonable Effectiveness of Random Weighting", arXiv:2111.10603
RuleEntry random_rule() {
  return {"random",
          "drawn anew every step: a control",
          {},
          [](const RuleContext& context, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Random>(Draws(context.seed, context.draws));
          }};
}

}  // namespace dmf
