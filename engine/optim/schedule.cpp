#include "engine/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dmf {

double LearningRate::at(std::int64_t step) const {
  if (step < warmup_steps) {
    return base * static_cast<double>(step + 1) / static_cast<double>(warmup_steps + 1);
  }
  if (shape == Shape::constant) return base;
  const auto length =
      static_cast<double>(std::max<std::int64_t>(total_steps - 1 - warmup_steps, 1));
  const double progress = std::min(1.0, static_cast<double>(step - warmup_steps) / length);
  const double left = shape == Shape::cosine ? 0.5 * (1.0 + std::cos(std::numbers::pi * progress))
                                             : std::pow(1.0 - progress, 0.9);
  return base * (final_fraction + (1.0 - final_fraction) * left);
}

}  // namespace dmf
