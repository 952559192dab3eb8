#include "apps/benchmarks/objectives.h"

#include <nlohmann/json.hpp>

#include "apps/benchmarks/timing.h"
#include "dmf/fused_loss.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/rng.h"
#include "losses/registry.h"

namespace dmf {
namespace {

constexpr std::size_t kRemembered = 150;  // the demo's history_size_max

/// Gradients of which no two are alike.
Gram drawn_gram(std::size_t losses, Rng& rng) {
  Gram gram(losses);
  for (std::size_t i = 0; i < losses; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      gram(i, j) = gram(j, i) = i == j ? rng.uniform(1.0, 2.0) : rng.uniform(0.0, 0.4);
    }
  }
  return gram;
}

/// The paper's objective with a memory that is full, as it is for most of a training run.
FusedLoss<float> fused_loss(const std::string& weighting) {
  const std::vector<std::string> names = {"cce", "mean_iou", "mean_dice"};
  std::vector<std::unique_ptr<Loss<float>>> losses;
  for (const std::string& name : names) losses.push_back(make_loss<float>(name));
  FusionSpec spec;
  spec.weighting = weighting;
  spec.history_size_max = kRemembered;
  spec.steps_per_epoch = 48;  // BUSI's
  FusedLoss<float> fused(std::move(losses), make_loss<float>("cb_dice"), spec);
  Rng rng(1);
  for (std::size_t i = 0; i < kRemembered; ++i) {
    const Gram gram = drawn_gram(names.size(), rng);
    fused.fusion().step(std::vector<double>{rng.uniform(), rng.uniform(), rng.uniform()}, &gram);
  }
  return fused;
}

/// All but those that want the losses after the update: what they cost is another forward pass, which
/// `bench step` has.
std::vector<std::string> rules_of_one_pass() {
  std::vector<std::string> names;
  for (const RuleEntry& rule : weighting_rules()) {
    const RuleNeeds needs = rule.make({{0.5, 0.5}}, Settings(rule.settings))->needs();
    if (!needs.losses_after_update) names.emplace_back(rule.name);
  }
  return names;
}

}  // namespace

void run_dmf_benchmark(const Workload& workload, int iterations,
                       const std::function<void(const std::string&)>& print) {
  constexpr int kWarmUp = 2;
  const std::vector<std::string> rules = rules_of_one_pass();
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
