#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/evaluation/scoreboard.h"

namespace dmf {

struct MeanDeviation {
  double mean = 0.0;
  double deviation = 0.0;  // of the sample, n - 1 in the denominator; 0 for a single value
};
MeanDeviation mean_deviation(std::span<const double> values);

/// The mean with its 95 % interval by bootstrap, as Scoreboard has it: percentiles 2.5 and 97.5 of the
/// means of 1000 samples drawn with replacement, always the same draws. 0 for no values.
Estimate mean_with_interval(std::span<const double> values);

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

/// A difference with its interval: "+0.012 (-0.003 to +0.027)"; what is printed as zero has no sign.
std::string difference_text(const Estimate& difference, int digits = 3);

/// A p value as journals print it: "< 0.001", "0.013", "0.24", "1.00".
std::string p_text(double p);

}  // namespace dmf
