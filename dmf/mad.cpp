#include "dmf/statistics.h"
#include "dmf/weighting_strategy.h"

namespace dmf {
namespace {

class MadWeighting final : public WeightingStrategy {
 public:
  std::string_view name() const override { return "mad"; }

  std::vector<double> weights(const LossHistory& history, const std::vector<double>&) override {
    std::vector<double> steadiness;
    for (std::size_t k = 0; k < history.losses(); ++k) {
      const double mad = median_absolute_deviation(normalised(history.of(k)));  // (5)
      steadiness.push_back(1.0 / (mad + kFusionEps));
    }
    return normalised_to_one(std::move(steadiness));  // (6)
  }
};

}  // namespace

std::unique_ptr<WeightingStrategy> make_mad_weighting() {
  return std::make_unique<MadWeighting>();
}

}  // namespace dmf
