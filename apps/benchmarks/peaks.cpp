#include "apps/benchmarks/peaks.h"

#include <array>
#include <cstring>

#include "apps/benchmarks/timing.h"
#include "engine/core/parallel.h"
#include "engine/core/simd.h"
#include "engine/tensor/tensor.h"

namespace dmf {
namespace {

constexpr int kRounds = 5;

double measure_bandwidth() {
  const Tensor<float> from = Tensor<float>::zeros(Shape{Index{64} << 20}), to(from.shape());
  double best = 0.0;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    parallel_chunks(from.numel(), Index{1} << 18, [&](Index begin, Index end) {
      std::memcpy(to.data() + begin, from.data() + begin,
                  static_cast<std::size_t>(end - begin) * sizeof(float));
    });
    const double bytes = 2.0 * static_cast<double>(from.numel()) * sizeof(float);
    best = std::max(best, bytes / milliseconds_since(start) / 1e6);
  }
  return best;
}

}  // namespace

double measure_gflops() {
  using V = Simd<float>;
  constexpr Index kTurns = 2'000'000;
  // More sums than a multiply-add's latency times its throughput; fewer than registers.
  constexpr std::size_t kSums = kVectorRegisters >= 32 ? 20 : 12;
  const int threads = num_threads();
  std::vector<float> sink(static_cast<std::size_t>(threads));
  double best = 0.0;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    parallel_for(threads, [&](Index thread) {
      std::array<V::Vector, kSums> sums{};
      const auto factor = V::broadcast(0.999f), term = V::broadcast(0.001f);
      for (Index turn = 0; turn < kTurns; ++turn) {
        for (auto& sum : sums) sum = sum * factor + term;
      }
      for (const auto& sum : sums) sink[static_cast<std::size_t>(thread)] += sum[0];
    });
    const double operations = 2.0 * static_cast<double>(kTurns) * kSums * V::kLanes * threads;
    best = std::max(best, operations / milliseconds_since(start) / 1e6);
  }
  return sink[0] > 0.0f ? best : 0.0;  // the sums are used, so they must be computed
}

Peaks measure_peaks() {
  return {measure_gflops(), measure_bandwidth()};
}

}  // namespace dmf
