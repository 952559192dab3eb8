#include "apps/benchmarks/objectives.h"

#include <nlohmann/json.hpp>

#include "apps/benchmarks/timing.h"
#include "dmf/fused_loss.h"
#include "engine/core/rng.h"
#include "losses/registry.h"

namespace dmf {
namespace {

constexpr std::size_t kRemembered = 150;  // the demo's history_size_max

/// The paper's objective with a memory that is full, as it is for most of a training run.
FusedLoss<float> fused_loss(const std::string& weighting) {
  std::vector<std::unique_ptr<Loss<float>>> losses;
  for (const char* name : {"cce", "mean_iou", "mean_dice"}) {
    losses.push_back(make_loss<float>(name));
  }
  FusionSpec spec;
  spec.weighting = weighting;
  spec.history_size_max = kRemembered;
  FusedLoss<float> fused(std::move(losses), make_loss<float>("cb_dice"), spec);
  Rng rng(1);
  for (std::size_t i = 0; i < kRemembered; ++i) {
    fused.fusion().step(std::vector<double>{rng.uniform(), rng.uniform(), rng.uniform()});
  }
  return fused;
}

}  // namespace

void run_dmf_benchmark(const Workload& workload, int iterations,
                       const std::function<void(const std::string&)>& print) {
  constexpr int kWarmUp = 2;
  const std::vector<std::string> rules = {"fixed", "variance", "mad", "bayesian"};
  TimedStep step(workload);
  const auto cross_entropy = make_loss<float>("cce");
  std::vector<FusedLoss<float>> fused;
  for (const std::string& rule : rules) fused.push_back(fused_loss(rule));

  std::vector<double> plain;
  std::vector<std::vector<double>> times(rules.size()), ratios(rules.size());
  for (int i = 0; i < kWarmUp + iterations; ++i) {
    const double reference = step.run([&](const auto& logits, const Labels& labels) {
                                   return evaluate_loss(*cross_entropy, logits, labels);
                                 })
                                 .total;
    if (i >= kWarmUp) plain.push_back(reference);
    for (std::size_t k = 0; k < rules.size(); ++k) {
      const double time = step.run([&](const auto& logits, const Labels& labels) {
                                return fused[k].step(logits, labels).total;
                              })
                              .total;
      if (i < kWarmUp) continue;
      times[k].push_back(time);
      ratios[k].push_back(time / reference);
    }
  }
  const auto line = [&](const std::string& objective, double milliseconds, double ratio) {
    print(nlohmann::ordered_json{{"model", workload.model},
                                 {"batch", workload.batch},
                                 {"image", workload.image},
                                 {"objective", objective},
                                 {"train_step_ms", rounded(milliseconds)},
                                 {"over_cross_entropy", rounded(ratio)}}
              .dump());
  };
  line("cross-entropy", median_of(plain), 1.0);
  for (std::size_t k = 0; k < rules.size(); ++k) {
    line("three losses + cb_dice, " + rules[k], median_of(times[k]), median_of(ratios[k]));
  }
}

}  // namespace dmf
