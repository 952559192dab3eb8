#include "apps/benchmarks/scaling.h"

#include <nlohmann/json.hpp>

#include "apps/benchmarks/peaks.h"
#include "apps/benchmarks/timing.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"
#include "losses/registry.h"

namespace dmf {

void run_scaling_benchmark(const Workload& workload, int iterations,
                           const std::function<void(const std::string&)>& print) {
  constexpr int kWarmUp = 2;
  const int threads = num_threads();
  DMF_CHECK(threads >= 2, ValueError, "[bench threads] got {} thread, expected at least 2.",
            threads);
  TimedStep step(workload);
  const auto loss = make_loss<float>("cce");
  std::vector<double> one, all, step_ratio, machine_ratio;
  for (int i = 0; i < kWarmUp + iterations; ++i) {
    const auto measure = [&](int count) {
      set_num_threads(count);
      const double time = step.run([&](const auto& logits, const Labels& labels) {
                                return evaluate_loss(*loss, logits, labels);
                              })
                              .total;
      return std::pair{time, measure_gflops()};
    };
    const auto [time_one, rate_one] = measure(1);
    const auto [time_all, rate_all] = measure(threads);
    if (i < kWarmUp) continue;
    one.push_back(time_one);
    all.push_back(time_all);
    step_ratio.push_back(time_one / time_all);
    machine_ratio.push_back(rate_all / rate_one);
  }
  print(nlohmann::ordered_json{{"model", workload.model},
                               {"batch", workload.batch},
                               {"image", workload.image},
                               {"threads", threads},
                               {"one_thread_ms", rounded(median_of(one))},
                               {"all_threads_ms", rounded(median_of(all))},
                               {"step_ratio", rounded(median_of(step_ratio))},
                               {"machine_ratio", rounded(median_of(machine_ratio))}}
            .dump());
}

}  // namespace dmf
