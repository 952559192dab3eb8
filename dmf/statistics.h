#pragma once

#include <vector>

namespace dmf {

/// Keeps every division by a spread finite: the paper's eps, in (6), (7) and (9).
inline constexpr double kFusionEps = 1e-7;

/// sign(x) log(1 + |x|), eq. (10)
double symlog(double x);

/// (v - min v) / (max v - min v + eps), eq. (9): values in [0, 1); all 0 for a constant one.
std::vector<double> minmax(std::vector<double> values);

/// A history made comparable with the others: first symlog, eq. (10), s = sign(x) log(1 + |x|),
/// then min-max, eq. (9), z = (s - min s) / (max s - min s + eps). Values in [0, 1); all 0 for a
/// constant one.
std::vector<double> normalised(const std::vector<double>& history);

/// Population variance, eq. (3): sum (z - mean)^2 / n
double variance(const std::vector<double>& values);

double mean(const std::vector<double>& values);

/// Of the straight line that fits best (least squares), a step: sum t v / sum t^2 with t the step
/// from the middle one. 0 for one value.
double slope(const std::vector<double>& values);

/// The mean of the middle two when the count is even.
double median(std::vector<double> values);

/// Median absolute deviation, eq. (5): median_j |z_j - median(z)|
double median_absolute_deviation(const std::vector<double>& values);

/// exp(z - max z) over its sum: no exponential overflows, and the sum is at least 1. Infinite ones
/// share all.
std::vector<double> softmax(std::vector<double> values);

}  // namespace dmf
