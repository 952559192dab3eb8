#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Fixed final : public WeightingRule {
 public:
  RuleNeeds needs() const override { return {}; }
  std::vector<double> weights(const Signals& signals) override { return signals.current; }
};

}  // namespace

/// The weights stay as they are: the baseline.
RuleEntry fixed_rule() {
  return {"fixed",
          "the initial weights",
          {},
          [](const RuleContext&, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Fixed>();
          }};
}

}  // namespace dmf
