#include <algorithm>
#include <string>
#include <vector>

#include "apps/living_page/calls.h"
#include "dmf/fusion.h"
#include "dmf/statistics.h"

namespace dmf {
namespace {

constexpr std::int64_t kStepsPerEpoch = 10;  // of the curves, for rules on epochs

/// Those that a replay can serve: without gradients, and without the losses after an update.
std::vector<const RuleEntry*> replayed_rules() {
  std::vector<const RuleEntry*> rules;
  for (const RuleEntry& entry : loss_rules()) {
    if (entry.name != "famo") rules.push_back(&entry);
  }
  return rules;
}

const RuleEntry* rule_at(int place) {
  const std::vector<const RuleEntry*> rules = replayed_rules();
  const auto at = static_cast<std::size_t>(place);
  return at < rules.size() ? rules[at] : nullptr;
}

}  // namespace
}  // namespace dmf

using namespace dmf;

const char* living_rule_name(int place) {
  const RuleEntry* rule = rule_at(place);
  return rule == nullptr ? nullptr : rule->name.data();
}

const char* living_rule_help(int place) {
  const RuleEntry* rule = rule_at(place);
  return rule == nullptr ? nullptr : rule->help.data();
}

int living_replay(const char* rule, int losses, int steps, const double* curves, int history_size,
                  int history_size_max, double* weights) {
  return guarded([&] {
    const auto K = static_cast<std::size_t>(losses);
    FusionSpec spec;
    for (std::size_t k = 0; k < K; ++k) spec.losses.push_back("loss " + std::to_string(k + 1));
    spec.weighting = rule;
    spec.history_size = static_cast<std::size_t>(history_size);
    spec.history_size_max = static_cast<std::size_t>(history_size_max);
    spec.steps_per_epoch = kStepsPerEpoch;
    Fusion fusion(spec);
    for (std::size_t t = 0; t < static_cast<std::size_t>(steps); ++t) {
      const Fusion::Factors factors = fusion.step({curves + t * K, K});
      std::copy(factors.weights.begin(), factors.weights.end(), weights + t * K);
    }
  });
}

int living_history(int count, const double* values, double* symlog, double* z, double* statistics) {
  return guarded([&] {
    const std::vector<double> history(values, values + count);
    const std::vector<double> scaled = normalised(history);
    std::transform(history.begin(), history.end(), symlog, dmf::symlog);
    std::copy(scaled.begin(), scaled.end(), z);
    statistics[0] = mean(scaled);
    statistics[1] = variance(scaled);
    statistics[2] = median(scaled);
    statistics[3] = median_absolute_deviation(scaled);
  });
}

int living_gamma(double gamma0, double lambda, int every, int steps, double* gamma) {
  return guarded([&] {
    const AuxiliarySchedule schedule{gamma0, lambda, every};
    for (int step = 0; step < steps; ++step) gamma[step] = schedule.gamma(step);
  });
}
