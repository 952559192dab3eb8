#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace dmf {

struct MeanDeviation {
  double mean = 0.0;
  double deviation = 0.0;  // of the sample, n - 1 in the denominator; 0 for a single value
};
MeanDeviation mean_deviation(std::span<const double> values);

/// Wilcoxon's signed-rank test of paired differences against a median of 0, two-sided.
struct SignedRankTest {
  std::size_t pairs = 0;  // differences that are not 0; the others tell nothing and are left out
  double positive = 0.0, negative = 0.0;  // sums of the ranks of positive and negative differences
  double p = 1.0;
  bool exact = true;
  /// Matched-pairs rank-biserial correlation, (positive - negative) / (positive + negative), in
  /// [-1, 1]; 0 without pairs.
  double effect = 0.0;
};

/// Equal magnitudes share the mean of their ranks. Up to 50 pairs the null distribution is computed
/// exactly, ties and all; beyond, the normal approximation with the variance corrected for ties,
/// without a correction for continuity.
///
/// source  Wilcoxon 1945; Pratt & Gibbons, Concepts of Nonparametric Theory, 1981, for the ties
SignedRankTest signed_rank_test(std::span<const double> differences);

/// Holm's step-down adjustment: p values that may be compared with a level as if each were alone.
///
/// source  Holm, Scandinavian Journal of Statistics 6, 1979
std::vector<double> holm_adjusted(const std::vector<double>& p);

}  // namespace dmf
