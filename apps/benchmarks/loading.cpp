#include "apps/benchmarks/loading.h"

#include <nlohmann/json.hpp>

#include "apps/benchmarks/timing.h"
#include "apps/data/loader.h"
#include "apps/data/phantom.h"
#include "engine/core/parallel.h"
#include "losses/registry.h"

namespace dmf {

std::string run_loading_benchmark(const Workload& workload, const std::string& augment,
                                  int iterations) {
  constexpr int kWarmUp = 2;
  const Composition composition = parse_composition(augment);
  std::vector<Sample> images;
  std::vector<std::size_t> items;
  for (int k = 0; k < workload.batch; ++k) {
    const auto item = static_cast<std::size_t>(k);
    images.push_back(make_phantom(k % 2 == 0 ? PhantomKind::benign : PhantomKind::malignant,
                                  workload.image, item));
    items.push_back(item);
  }
  const auto make = [&](Index epoch) {
    std::vector<Sample> samples = images;
    for (const std::size_t item : items) {
      dmf::augment(samples[item], composition, {1, epoch, item});
    }
    make_batch(samples, items, 2);
  };
  const auto threads = static_cast<Index>(num_threads());
  TimedStep step(workload);
  const auto loss = make_loss<float>("cce");
  std::vector<double> one, all, steps;
  for (int i = 0; i < kWarmUp + iterations; ++i) {
    const Index epoch = Index{i} * (threads + 1);
    auto start = Clock::now();
    make(epoch);
    const double time_one = milliseconds_since(start);
    start = Clock::now();
    rethrow_first(parallel_try(threads, [&](Index thread) { make(epoch + 1 + thread); }));
    const double time_all = milliseconds_since(start) / static_cast<double>(threads);
    const double time_step = step.run([&](const auto& logits, const Labels& labels) {
                                   return evaluate_loss(*loss, logits, labels);
                                 })
                                 .total;
    if (i < kWarmUp) continue;
    one.push_back(time_one);
    all.push_back(time_all);
    steps.push_back(time_step);
  }
  const auto rate = [&](const std::vector<double>& times) {
    return rounded(1000.0 * workload.batch / median_of(times), 0.1);
  };
  return nlohmann::ordered_json{{"augment", composition.text()},
                                {"model", workload.model},
                                {"batch", workload.batch},
                                {"image", workload.image},
                                {"threads", threads},
                                {"one_thread_images_per_s", rate(one)},
                                {"all_threads_images_per_s", rate(all)},
                                {"step_images_per_s", rate(steps)},
                                {"batch_over_step", rounded(median_of(one) / median_of(steps))}}
      .dump();
}

}  // namespace dmf
