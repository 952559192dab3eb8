#include <algorithm>

#include "apps/benchmarks/matrix_product.h"
#include "apps/benchmarks/peaks.h"
#include "apps/benchmarks/timing.h"
#include "engine/core/device_runtime.h"
#include "engine/core/rng.h"

namespace dmf {
namespace {

constexpr int kRounds = 5;

/// Milliseconds of the fastest round of `repeats` calls, for one of them.
template <class Work>
double fastest(Device device, int repeats, const Work& work) {
  work();
  device_runtime::synchronize(device);
  double best = 1e300;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    for (int i = 0; i < repeats; ++i) work();
    device_runtime::synchronize(device);
    best = std::min(best, milliseconds_since(start) / repeats);
  }
  return best;
}

/// Random, since a device is faster with zeros; a block of numbers over and over, since drawing so
/// many takes seconds.
Tensor<float> random_matrix(Index n, Device device, Storage storage) {
  Rng rng(1);
  const Tensor<float> here(Shape{n, n});
  constexpr std::size_t kBlock = 1000003;
  const auto values = here.span();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = i < kBlock ? static_cast<float>(rng.uniform(-1.0, 1.0)) : values[i - kBlock];
  }
  Tensor<float> there(here.shape(), device, storage);
  there.copy_from(here);
  return there;
}

}  // namespace

Peaks measure_device_peaks(const Compute& compute) {
  const Device device = compute.device;
  // On an emulated device, which is for tests, a size that ends.
  const bool small = device_runtime::memory(device).total <= (std::size_t{4} << 30);
  const Index n = small ? 64 : 8192, count = Index{1} << (small ? 16 : 28);
  const Storage storage = compute.in_bfloat16() ? Storage::bfloat16 : Storage::full;
  const Tensor<float> a = random_matrix(n, device, storage), b = random_matrix(n, device, storage);
  const Tensor<float> c(a.shape(), device);
  const double product = fastest(device, 5, [&] { multiply_matrices(a, b, c, compute.precision); });
  const Tensor<float> from = Tensor<float>::full(Shape{count}, 1.0f, device);
  const Tensor<float> to = from.like(from.shape());
  const double copy = fastest(device, 5, [&] { to.copy_from(from); });
  const double size = static_cast<double>(n);
  return {2.0 * size * size * size / product / 1e6,
          2.0 * static_cast<double>(count) * sizeof(float) / copy / 1e6};
}

}  // namespace dmf
