#pragma once

#include <cstdint>

#include "engine/core/shape.h"

namespace dmf {

/// How a class's share r_c of the pixels becomes its weight.
enum class ClassBalance : std::uint8_t {
  none,                   // w_c = 1
  complement,             // w_c = 1 - r_c, the paper's eq. (22)
  inverse_frequency,      // w_c = 1 / r_c, the authors' notebook; the same for two classes
  inverse_volume,         // w_c = 1 / N_c; an absent class weighs as the rarest that is there
  inverse_square_volume,  // w_c = 1 / N_c^2, absent classes alike
};

/// What becomes of a class's share of a mean where no pixel of the group carries its label.
enum class AbsentClass : std::uint8_t {
  penalise_fp,  // a class like the others: false positives of it cost
  zero,         // 0, and the others' are as if it counted
  skip,         // 0, and the others share what there is
};

/// w_c of eq. (22) from the pixels of every class, by their shares r_c, eq. (21); normalised to sum
/// 1. An absent class has share 0, so by inverse frequency the absent classes share all the weight,
/// the limit of 1 / r; by inverse volume they do not, since a loss whose numerator they are absent
/// from would then be constant. `balance` is not none. `pixels` and `weights` hold C values each. CUDA
/// kernels call it too.
constexpr void class_balance_weights(ClassBalance balance, const double* pixels, Index C,
                                     double* weights) {
  double total = 0.0, sum = 0.0, rarest = 0.0;
  bool any_absent = false;
  for (Index c = 0; c < C; ++c) {
    total += pixels[c];
    any_absent = any_absent || pixels[c] == 0.0;
    if (pixels[c] > 0.0 && (rarest == 0.0 || pixels[c] < rarest)) rarest = pixels[c];
  }
  for (Index c = 0; c < C; ++c) {
    if (balance == ClassBalance::complement) {
      weights[c] = total > 0.0 ? 1.0 - pixels[c] / total : 1.0;
    } else if (balance != ClassBalance::inverse_frequency) {
      weights[c] = pixels[c] > 0.0 ? rarest / pixels[c] : 1.0;
      if (balance == ClassBalance::inverse_square_volume) weights[c] *= weights[c];
    } else if (any_absent) {
      weights[c] = pixels[c] == 0.0 ? 1.0 : 0.0;
    } else {
      weights[c] = total / pixels[c];
    }
    sum += weights[c];
  }
  for (Index c = 0; c < C; ++c) weights[c] /= sum;
}

/// How the classes of a group share in a mean.
struct ClassSharing {
  ClassBalance balance = ClassBalance::none;
  AbsentClass absent = AbsentClass::penalise_fp;
};

/// One group's shares of a mean over G groups: share_c = w_c factor_c / sum_k(w_k factor_k) / G, w
/// by the balance, absent classes as `absent` says; 0 where the sum is 0. `weights` holds C values to
/// work with.
template <class T>
constexpr void class_shares_of(ClassSharing sharing, const double* pixels, const double* factors,
                               Index C, Index G, double* weights, T* share) {
  if (sharing.balance == ClassBalance::none) {
    for (Index c = 0; c < C; ++c) weights[c] = 1.0;
  } else {
    class_balance_weights(sharing.balance, pixels, C, weights);
  }
  double sum = 0.0;
  for (Index c = 0; c < C; ++c) {
    if (sharing.absent == AbsentClass::skip && pixels[c] == 0.0) continue;
    sum += weights[c] * factors[c];
  }
  for (Index c = 0; c < C; ++c) {
    const bool counts = sharing.absent == AbsentClass::penalise_fp || pixels[c] > 0.0;
    const double weight = counts ? weights[c] * factors[c] : 0.0;
    share[c] = static_cast<T>(sum > 0.0 ? weight / sum / static_cast<double>(G) : 0.0);
  }
}

}  // namespace dmf
