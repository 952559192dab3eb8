#include "dmf/expression_functions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dmf/statistics.h"
#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

using Row = std::vector<double>;

double sum_of(const Row& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}
double least_of(const Row& values) {
  return *std::min_element(values.begin(), values.end());
}
double most_of(const Row& values) {
  return *std::max_element(values.begin(), values.end());
}
double latest_of(const Row& values) {
  return values.back();
}
double ratio_of(const Row& values) {
  return values.back() / values.front();
}
double median_of(const Row& values) {
  return median(values);
}
double moving_average(const Row& values, double decay) {
  double average = values.front();
  for (std::size_t i = 1; i < values.size(); ++i) {
    average = decay * average + (1.0 - decay) * values[i];
  }
  return average;
}

}  // namespace

const std::vector<RuleFunction>& rule_functions() {
  using Over = RuleFunction::Over;
  static const std::vector<RuleFunction> table = {
      {.name = "log", .each = [](double x) { return std::log(x); }},
      {.name = "exp", .each = [](double x) { return std::exp(x); }},
      {.name = "sqrt", .each = [](double x) { return std::sqrt(x); }},
      {.name = "abs", .each = [](double x) { return std::abs(x); }},
      {.name = "symlog", .each = symlog},
      {.name = "pow", .two = [](double x, double y) { return std::pow(x, y); }},
      {.name = "min", .two = [](double x, double y) { return std::min(x, y); }, .reduce = least_of},
      {.name = "max", .two = [](double x, double y) { return std::max(x, y); }, .reduce = most_of},
      {.name = "mean", .reduce = mean},
      {.name = "sum", .reduce = sum_of},
      {.name = "median", .reduce = median_of},
      {.name = "var", .reduce = variance},
      {.name = "mad", .reduce = median_absolute_deviation},
      {.name = "last", .reduce = latest_of, .over = Over::time},
      {.name = "slope", .reduce = slope, .over = Over::time},
      {.name = "ratio", .reduce = ratio_of, .over = Over::time},
      {.name = "ema", .decayed = moving_average, .over = Over::time},
      {.name = "minmax", .along = minmax},
      {.name = "normalise", .along = normalised_to_one, .over = Over::losses},
      {.name = "softmax", .along = softmax, .over = Over::losses},
  };
  return table;
}

const std::vector<RuleFunction>& rule_operations() {
  static const std::vector<RuleFunction> table = {
      {.name = "+", .two = [](double x, double y) { return x + y; }},
      {.name = "-",
       .each = [](double x) { return -x; },
       .two = [](double x, double y) { return x - y; }},
      {.name = "*", .two = [](double x, double y) { return x * y; }},
      {.name = "/", .two = [](double x, double y) { return x / y; }},
  };
  return table;
}

}  // namespace dmf
