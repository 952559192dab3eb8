#include <numeric>
#include <stdexcept>

#include "dmf/weighting_strategy.h"

namespace dmf {

void WeightingStrategy::load_state(const std::vector<double>& state) {
  if (!state.empty()) {
    throw std::invalid_argument("[dmf] the rule '" + std::string(name()) +
                                "' has no state of its own, but one was given.");
  }
}

const std::vector<std::string>& weighting_names() {
  static const std::vector<std::string> names = {"variance", "mad",       "bayesian",     "fixed",
                                                 "random",   "softadapt", "cov_weighting"};
  return names;
}

std::unique_ptr<WeightingStrategy> make_weighting(const std::string& name,
                                                  const std::vector<double>& initial,
                                                  const WeightingOptions& options) {
  if (name == "variance") return make_variance_weighting();
  if (name == "mad") return make_mad_weighting();
  if (name == "bayesian") return make_bayesian_weighting(initial);
  if (name == "fixed") return make_fixed_weighting();
  if (name == "random") return make_random_weighting(options.seed);
  if (name == "softadapt") return make_softadapt_weighting(options.softadapt);
  if (name == "cov_weighting") return make_cov_weighting(options.cov, initial.size());
  std::string known;
  for (const std::string& each : weighting_names()) known += (known.empty() ? "" : ", ") + each;
  throw std::invalid_argument("[dmf] unknown weighting '" + name + "': expected one of " + known +
                              ".");
}

std::vector<double> normalised_to_one(std::vector<double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) {
    value = sum > 0.0 ? value / sum : 1.0 / static_cast<double>(values.size());
  }
  return values;
}

}  // namespace dmf
