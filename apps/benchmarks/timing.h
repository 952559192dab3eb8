#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace dmf {

using Clock = std::chrono::steady_clock;

inline double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// The sample below which `share` of the samples lie: 0.5 the median.
inline double quantile(std::vector<double> samples, double share) {
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(std::lround(share * last))];
}

inline double median_of(const std::vector<double>& samples) {
  return quantile(samples, 0.5);
}

/// To the digits worth printing.
inline double rounded(double value, double unit = 1e-3) {
  return std::round(value / unit) / std::round(1.0 / unit);
}

}  // namespace dmf
