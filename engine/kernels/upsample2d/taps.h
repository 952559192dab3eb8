#pragma once

#include "engine/core/shape.h"

// The weights of an interpolation to twice the size along one axis, as the fast kernels use them.
// constexpr, so that CUDA kernels may call them too.

namespace dmf::upsample {

/// y[i] = near * x[centre] + (1 - near) * x[other]
struct Sources {
  Index centre, other;
};
inline constexpr double kNear = 0.75, kFar = 0.25;

constexpr Sources sources_of(Index i, Index size) {
  const Index centre = i / 2, beside = i % 2 == 0 ? centre - 1 : centre + 1;
  return {centre, beside < 0 ? 0 : beside >= size ? size - 1 : beside};
}

/// dx[k] = the sum of weight[t] * dy[first + t]; weights outside y are 0.
struct Targets {
  Index first;
  double weight[4];
};

constexpr Targets targets_of(Index k, Index size) {
  const bool begins = k == 0, ends = k == size - 1;
  return {2 * k - 1,
          {begins ? 0.0 : kFar, begins ? 1.0 : kNear, ends ? 1.0 : kNear, ends ? 0.0 : kFar}};
}

}  // namespace dmf::upsample
