#include "dmf/weighting_rule.h"

#include <numeric>

namespace dmf {

void WeightingRule::load_state(const std::vector<double>& state) {
  if (!state.empty()) {
    throw ValueError("[dmf] this weighting rule has no state of its own, but one was given.");
  }
}

std::vector<double> normalised_to_one(std::vector<double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) {
    value = sum > 0.0 ? value / sum : 1.0 / static_cast<double>(values.size());
  }
  return values;
}

}  // namespace dmf
