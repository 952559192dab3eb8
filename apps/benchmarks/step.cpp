#include "apps/benchmarks/step.h"

#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "apps/benchmarks/timing.h"
#include "engine/core/parallel.h"
#include "losses/registry.h"

namespace dmf {
namespace {

double peak_resident_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return rounded(static_cast<double>(usage.ru_maxrss) / 1024.0, 0.1);  // ru_maxrss is in kB
}

}  // namespace

std::string run_step_benchmark(const Workload& workload, Device device, int iterations) {
  constexpr int kWarmUp = 3;
  TimedStep step(workload, device);
  const auto loss = make_loss<float>("cce");
  std::vector<TimedStep::Times> times;
  for (int i = 0; i < kWarmUp + iterations; ++i) {
    const auto t = step.run([&](const auto& logits, const Labels& labels) {
      return evaluate_loss(*loss, logits, labels);
    });
    if (i >= kWarmUp) times.push_back(t);
  }
  const double peak_mb = peak_resident_mb();
  step.stop_training();
  std::vector<double> inference;
  for (int i = 0; i < kWarmUp + iterations; ++i) {
    const double t = step.infer();
    if (i >= kWarmUp) inference.push_back(t);
  }
  const auto median = [&times](double TimedStep::Times::*part) {
    std::vector<double> samples;
    for (const auto& t : times) samples.push_back(t.*part);
    return rounded(median_of(samples));
  };
  return nlohmann::ordered_json{{"engine", "dmf"},
                                {"model", workload.model},
                                {"batch", workload.batch},
                                {"image", workload.image},
                                {"threads", num_threads()},
                                {"device", device.str()},
                                {"parameters", step.network().parameter_count()},
                                {"train_step_ms", median(&TimedStep::Times::total)},
                                {"forward_ms", median(&TimedStep::Times::forward)},
                                {"loss_ms", median(&TimedStep::Times::loss)},
                                {"backward_ms", median(&TimedStep::Times::backward)},
                                {"optimizer_ms", median(&TimedStep::Times::optimizer)},
                                {"inference_ms", rounded(median_of(inference))},
                                {"peak_memory_mb", peak_mb}}
      .dump();
}

}  // namespace dmf
