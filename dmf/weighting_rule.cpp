#include "dmf/weighting_rule.h"

#include <algorithm>
#include <numeric>

namespace dmf {

void WeightingRule::losses_after(const std::vector<double>& /*values*/) {
  throw ValueError("[dmf] this weighting rule does not ask for the losses after the update.");
}

void WeightingRule::load_state(const std::vector<double>& state) {
  if (!state.empty()) {
    throw ValueError("[dmf] this weighting rule has no state of its own, but one was given.");
  }
}

std::vector<double> normalised_to_one(std::vector<double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) {
    value = sum > 0.0 ? value / sum : 1.0 / static_cast<double>(values.size());
  }
  return values;
}

namespace {

[[noreturn]] void throw_not_its_state(std::string_view rule, std::string_view what) {
  throw ValueError(std::string("[dmf] the state of the rule '")
                       .append(rule)
                       .append("' is ")
                       .append(what)
                       .append("."));
}

}  // namespace

void require_state(const std::vector<double>& state, std::size_t size, std::string_view rule,
                   std::string_view what) {
  if (state.size() != size) throw_not_its_state(rule, what);
}

std::uint64_t count_of(double number, std::string_view rule, std::string_view what) {
  if (!(number >= 0.0 && number < 0x1p53)) throw_not_its_state(rule, what);
  return static_cast<std::uint64_t>(number);
}

double positive_loss(double value, std::size_t k, std::string_view rule) {
  if (value < 0.0) {
    throw NumericError(std::string("[")
                           .append(rule)
                           .append("] loss ")
                           .append(std::to_string(k))
                           .append(" is ")
                           .append(shortest(value))
                           .append(": expected >= 0, as the rule weighs by its inverse or "
                                   "logarithm."));
  }
  return std::max(value, kLeastLoss);
}

std::vector<double> positive_losses(const LossHistory& history, std::string_view rule) {
  std::vector<double> losses = history.latest();
  for (std::size_t k = 0; k < losses.size(); ++k) losses[k] = positive_loss(losses[k], k, rule);
  return losses;
}

}  // namespace dmf
