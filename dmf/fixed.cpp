#include "dmf/weighting_strategy.h"

namespace dmf {
namespace {

class FixedWeighting final : public WeightingStrategy {
 public:
  std::string_view name() const override { return "fixed"; }
  bool needs_memory() const override { return false; }

  std::vector<double> weights(const LossHistory&, const std::vector<double>& current) override {
    return current;
  }
};

}  // namespace

std::unique_ptr<WeightingStrategy> make_fixed_weighting() {
  return std::make_unique<FixedWeighting>();
}

}  // namespace dmf
