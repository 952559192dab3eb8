#include "apps/benchmarks/ops.h"

#include <nlohmann/json.hpp>

#include "apps/benchmarks/peaks.h"
#include "apps/benchmarks/timing.h"
#include "engine/core/parallel.h"

namespace dmf {
namespace {

/// Milliseconds of repeated runs: at least nine, and for a fifth of a second.
std::vector<double> time_runs(const std::function<void()>& run) {
  run();  // the first touches fresh memory
  std::vector<double> samples;
  for (double total = 0.0; samples.size() < 9 || total < 200.0;) {
    const auto start = Clock::now();
    run();
    samples.push_back(milliseconds_since(start));
    total += samples.back();
  }
  return samples;
}

}  // namespace

bool run_ops_benchmark(const std::vector<OpShape>& shapes,
                       const std::function<void(const std::string&)>& print) {
  using nlohmann::ordered_json;
  const Peaks peaks = measure_peaks();
  print(ordered_json{{"threads", num_threads()},
                     {"peak_gflops", rounded(peaks.gflops, 0.1)},
                     {"peak_gb_s", rounded(peaks.gigabytes, 0.1)}}
            .dump());
  bool sound = true;
  for (const OpShape& shape : shapes) {
    for (const KernelCase& kernel : kernel_cases(shape)) {
      const double error = kernel.error();
      sound = sound && error <= 2e-5;
      const std::vector<double> samples = time_runs(kernel.run);
      const double median = median_of(samples);
      const double gflops = kernel.operations / median / 1e6,
                   gigabytes = kernel.bytes / median / 1e6;
      print(ordered_json{
          {"op", shape.op},
          {"kernel", kernel.kernel},
          {"shape", shape.str()},
          {"error", error},
          {"median_ms", rounded(median)},
          {"fastest_ms", rounded(quantile(samples, 0.0))},
          {"spread_percent",
           rounded(100.0 * (quantile(samples, 0.75) - quantile(samples, 0.25)) / median, 0.1)},
          {"gflops", rounded(gflops, 0.1)},
          {"gb_s", rounded(gigabytes, 0.1)},
          {"percent_of_peak_gflops", rounded(100.0 * gflops / peaks.gflops, 0.1)},
          {"percent_of_peak_gb_s", rounded(100.0 * gigabytes / peaks.gigabytes, 0.1)}}
                .dump());
    }
  }
  return sound;
}

}  // namespace dmf
