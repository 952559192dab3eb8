#include "dmf/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dmf {

std::vector<double> normalised(const std::vector<double>& history) {
  std::vector<double> z;
  z.reserve(history.size());
  // log1p keeps the digits of losses near zero, which log(1 + |x|) would round away.
  for (const double x : history) z.push_back(std::copysign(std::log1p(std::abs(x)), x));
  const auto [low, high] = std::minmax_element(z.begin(), z.end());
  const double least = *low, range = *high - *low;
  for (double& value : z) value = (value - least) / (range + kFusionEps);
  return z;
}

double variance(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0.0;
  for (const double z : values) squares += (z - mean) * (z - mean);
  return squares / n;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

double median_absolute_deviation(const std::vector<double>& values) {
  const double centre = median(values);
  std::vector<double> deviations;
  deviations.reserve(values.size());
  for (const double z : values) deviations.push_back(std::abs(z - centre));
  return median(std::move(deviations));
}

std::vector<double> softmax(std::vector<double> values) {
  const double largest = *std::max_element(values.begin(), values.end());
  for (double& value : values) value = value == largest ? 1.0 : std::exp(value - largest);
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) value /= sum;
  return values;
}

}  // namespace dmf
