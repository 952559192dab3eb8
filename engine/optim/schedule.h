#pragma once

#include <array>
#include <cstdint>

#include "engine/core/choice.h"

namespace dmf {

/// Learning rate of every training step, steps counted from 0.
struct LearningRate {
  enum class Shape { constant, cosine, polynomial };

  Shape shape = Shape::constant;
  double base = 1e-3;
  std::int64_t warmup_steps = 0;  // rises linearly from base / (warmup_steps + 1)
  std::int64_t total_steps = 0;   // where the fall ends
  double final_fraction = 0.0;    // of base, at the fall's end

  /// cosine:      base * (f + (1 - f) * (1 + cos(pi * progress)) / 2), progress from 0 at the end of
  ///              the warm-up to 1 at the last step (Loshchilov & Hutter 2017, without restarts)
  /// polynomial:  base * (f + (1 - f) * (1 - progress)^0.9), as in DeepLab and nnU-Net
  double at(std::int64_t step) const;
};

inline constexpr std::array<Named<LearningRate::Shape>, 3> kSchedules = {
    {{"constant", LearningRate::Shape::constant, "the same at every step"},
     {"cosine", LearningRate::Shape::cosine, "falling along half a wave"},
     {"polynomial", LearningRate::Shape::polynomial, "falling as what is left, to the power 0.9"}}};

}  // namespace dmf
