#pragma once

#include <cstdint>

#include "engine/core/shape.h"

namespace dmf {

/// How a class's share r_c of the pixels becomes its weight.
enum class ClassBalance : std::uint8_t {
  complement,         // w_c = 1 - r_c, the paper's eq. (22)
  inverse_frequency,  // w_c = 1 / r_c, the authors' notebook; the same for two classes
};

/// w_c of eq. (22) from the pixels of every class, by their shares r_c, eq. (21); normalised to sum
/// 1. An absent class has share 0, so by inverse frequency the absent classes share all the weight,
/// the limit of 1 / r. `pixels` and `weights` hold C values each. CUDA kernels call it too.
constexpr void class_balance_weights(ClassBalance balance, const double* pixels, Index C,
                                     double* weights) {
  double total = 0.0, sum = 0.0;
  bool any_absent = false;
  for (Index c = 0; c < C; ++c) {
    total += pixels[c];
    any_absent = any_absent || pixels[c] == 0.0;
  }
  for (Index c = 0; c < C; ++c) {
    if (balance == ClassBalance::complement) {
      weights[c] = total > 0.0 ? 1.0 - pixels[c] / total : 1.0;
    } else if (any_absent) {
      weights[c] = pixels[c] == 0.0 ? 1.0 : 0.0;
    } else {
      weights[c] = total / pixels[c];
    }
    sum += weights[c];
  }
  for (Index c = 0; c < C; ++c) weights[c] /= sum;
}

/// One group's shares of a mean over G groups: share_c = w_c factor_c / sum_k(w_k factor_k) / G, w
/// by class_balance_weights, which is left in `weights`; 0 where the sum is 0.
template <class T>
constexpr void class_shares_of(ClassBalance balance, const double* pixels, const double* factors,
                               Index C, Index G, double* weights, T* share) {
  class_balance_weights(balance, pixels, C, weights);
  double sum = 0.0;
  for (Index c = 0; c < C; ++c) sum += weights[c] * factors[c];
  for (Index c = 0; c < C; ++c) {
    const double weight = weights[c] * factors[c];
    share[c] = static_cast<T>(sum > 0.0 ? weight / sum / static_cast<double>(G) : 0.0);
  }
}

}  // namespace dmf
