#include "dmf/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dmf {

double symlog(double x) {
  // log1p keeps the digits of losses near zero, which log(1 + |x|) would round away.
  return std::copysign(std::log1p(std::abs(x)), x);
}

std::vector<double> minmax(std::vector<double> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double least = *low, range = *high - *low;
  for (double& value : values) value = (value - least) / (range + kFusionEps);
  return values;
}

std::vector<double> normalised(const std::vector<double>& history) {
  std::vector<double> s;
  s.reserve(history.size());
  for (const double x : history) s.push_back(symlog(x));
  return minmax(std::move(s));
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double variance(const std::vector<double>& values) {
  const double middle = mean(values);
  double squares = 0.0;
  for (const double z : values) squares += (z - middle) * (z - middle);
  return squares / static_cast<double>(values.size());
}

double slope(const std::vector<double>& values) {
  if (values.size() < 2) return 0.0;
  const double middle = 0.5 * static_cast<double>(values.size() - 1);
  double moments = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double t = static_cast<double>(i) - middle;
    moments += t * values[i];
    squares += t * t;
  }
  return moments / squares;
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
