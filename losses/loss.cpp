#include "losses/loss.h"

#include <algorithm>
#include <cmath>

#include "engine/core/check.h"

namespace dmf {

std::vector<double> class_weights(const LossOptions& options, Index classes) {
  std::vector<double> weights = options.class_weights;
  if (weights.empty()) weights.assign(static_cast<std::size_t>(classes), 1.0);
  DMF_CHECK(static_cast<Index>(weights.size()) == classes, ShapeError,
            "[loss] {} class weights for {} classes: expected one a class.", weights.size(),
            classes);
  for (const double w : weights) {
    DMF_CHECK(std::isfinite(w) && w >= 0.0, ValueError,
              "[loss] class weight {}: expected a finite number >= 0.", w);
  }
  require_any_weight(weights);
  return weights;
}

void require_any_weight(const std::vector<double>& weights) {
  DMF_CHECK(std::any_of(weights.begin(), weights.end(), [](double w) { return w > 0.0; }),
            ValueError, "[loss] no class has a weight above 0: nothing is left to train on.");
}

}  // namespace dmf
