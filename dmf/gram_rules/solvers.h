#pragma once

#include <cstdint>
#include <vector>

#include "dmf/gram.h"

namespace dmf {

// What the rules on Gram matrices are made of. All of it is deterministic; matrices are symmetric and
// positive semidefinite, of a few rows.

using Weights = std::vector<double>;

double dot(const Weights& a, const Weights& b);
Weights times(const Gram& gram, const Weights& w);
/// Squared length of the gradient sum_k w_k g_k: w^T G w, not below 0.
double squared_length(const Gram& gram, const Weights& w);
double trace(const Gram& gram);
Gram scaled(const Gram& gram, double factor);
/// Of the gradients that have a length, each scaled to length 1.
Gram cosines(const Gram& gram);

/// Eigenvalues, ascending, and the vector of each.
struct Spectrum {
  std::vector<double> values;
  std::vector<Weights> vectors;
};
Spectrum spectrum(const Gram& gram);

/// G^+ b: eigenvalues up to K times the rounding of the largest count as 0.
Weights pseudo_inverse_times(const Gram& gram, const Weights& b);

/// argmin_x x^T H x / 2 + q^T x  with x >= 0, by an active set (Lawson & Hanson).
Weights nonnegative_minimum(const Gram& hessian, const Weights& q);

/// argmin_v v^T H v  with v >= lower, H positive definite.
Weights minimum_above(const Gram& hessian, const Weights& lower);

/// argmin_w w^T G w  with w >= 0 and sum 1: the shortest gradient in the hull of all. Where some
/// gradients are 0, these alone, alike.
Weights shortest_in_hull(const Gram& gram);

/// Whether some weighted mean of the unit gradients is 0 up to rounding: no direction lowers all
/// losses.
bool oppose(const Gram& gram);

/// x > 0 with G x = x^(-power), by damped Newton steps on the convex function whose gradient vanishes
/// there. Losses without a gradient get 0.
///
/// return  all 0 where the gradients oppose each other: there is no such x then
/// throws  NumericError where the steps do not converge
Weights solve_power(const Gram& gram, double power);

/// Those of the losses that have a gradient.
std::vector<std::size_t> with_gradient(const Gram& gram);
/// Their rows and columns.
Gram part_of(const Gram& gram, const std::vector<std::size_t>& which);

}  // namespace dmf
