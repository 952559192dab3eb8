#include "dmf/statistics.h"
#include "dmf/weighting_strategy.h"

namespace dmf {
namespace {

class VarianceWeighting final : public WeightingStrategy {
 public:
  std::string_view name() const override { return "variance"; }

  std::vector<double> weights(const LossHistory& history, const std::vector<double>&) override {
    std::vector<double> variances;
    for (std::size_t k = 0; k < history.losses(); ++k) {
      variances.push_back(variance(normalised(history.of(k))));  // (3)
    }
    return normalised_to_one(std::move(variances));  // (4)
  }
};

}  // namespace

std::unique_ptr<WeightingStrategy> make_variance_weighting() {
  return std::make_unique<VarianceWeighting>();
}

}  // namespace dmf
