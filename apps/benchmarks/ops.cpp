#include "apps/benchmarks/ops.h"

#include <nlohmann/json.hpp>

#include "apps/benchmarks/op_cases.h"
#include "apps/benchmarks/peaks.h"
#include "apps/benchmarks/timing.h"
#include "engine/core/parallel.h"
#include "engine/tensor/allocator.h"
#include "engine/tensor/recorded_work.h"

namespace dmf {
namespace {

/// Samples of one run's milliseconds until there are nine, of a fifth of a second together.
template <class Sample>
std::vector<double> gather(const Sample& sample) {
  std::vector<double> samples;
  for (double total = 0.0; samples.size() < 9 || total < 200.0;) {
    const auto start = Clock::now();
    samples.push_back(sample());
    total += milliseconds_since(start);
  }
  return samples;
}

std::vector<double> time_runs(const std::function<void()>& run, Device device) {
  if (device.is_cpu()) {
    return gather([&] {
      const auto start = Clock::now();
      run();
      return milliseconds_since(start);
    });
  }
  // Recorded, so that what is timed is the device's work and not the CPU's giving it out.
  constexpr int kRuns = 10;
  MemoryPool pool(device);
  const MemoryPool::Scope scope(pool);
  const RecordedWork work(device, [&] {
    for (int i = 0; i < kRuns; ++i) run();
  });
  work.replay();
  device_runtime::synchronize(device);
  return gather([&] {
    const auto start = Clock::now();
    work.replay();
    device_runtime::synchronize(device);
    return milliseconds_since(start) / kRuns;
  });
}

/// What a sum of rounded products may differ by, over its largest value.
double tolerance(const Compute& compute) {
  if (compute.device.is_cpu() || compute.precision == MatmulPrecision::fp32) return 2e-5;
  return compute.precision == MatmulPrecision::tf32 ? 2e-3 : 2e-2;
}

}  // namespace

bool run_ops_benchmark(const std::vector<OpShape>& shapes, const Compute& compute,
                       const std::function<void(const std::string&)>& print) {
  using nlohmann::ordered_json;
  const Device device = compute.device;
  const Peaks peaks = device.is_cpu() ? measure_peaks() : measure_device_peaks(compute);
  ordered_json machine = {{"threads", num_threads()},
                          {"peak_gflops", rounded(peaks.gflops, 0.1)},
                          {"peak_gb_s", rounded(peaks.gigabytes, 0.1)}};
  if (!device.is_cpu()) {
    machine["device"] = device_runtime::description(device);
    machine["precision"] = name_of(kMatmulPrecisions, compute.precision);
  }
  print(machine.dump());
  // What a CUDA device computes is compared with the CPU's fast kernels, in less time.
  const Compute plain = device.is_cpu() ? Device::reference() : Device::cpu();
  bool sound = true;
  for (const OpShape& shape : shapes) {
    const auto cases = kernel_cases(shape, compute), expected = kernel_cases(shape, plain);
    for (std::size_t k = 0; k < cases.size(); ++k) {
      const KernelCase& kernel = cases[k];
      kernel.run();
      expected[k].run();
      const double error = relative_difference(kernel.out, expected[k].out);
      sound = sound && error <= tolerance(compute);
      const std::vector<double> samples = time_runs(kernel.run, device);
      const double median = median_of(samples);
      const double gflops = kernel.operations / median / 1e6,
                   gigabytes = kernel.bytes / median / 1e6;
      print(ordered_json{
          {"op", shape.op},
          {"kernel", kernel.kernel},
          {"shape", shape.str()},
          {"error", error},
          {"median_ms", rounded(median, 1e-4)},
          {"fastest_ms", rounded(quantile(samples, 0.0), 1e-4)},
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
