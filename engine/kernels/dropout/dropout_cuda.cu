#include "engine/core/rng.h"
#include "engine/cuda/elements.cuh"
#include "engine/kernels/dropout/dropout.h"

namespace dmf {
namespace {

using namespace cuda;

/// One thread for the four elements that share a block of random bits.
template <class E>
__global__ void dropout_kernel(DropoutSpec spec, Index count, const E* x, E* y) {
  const Index block = global_thread();
  if (4 * block >= count) return;
  const auto at = static_cast<std::uint64_t>(block);
  const auto bits = philox4x32(
      {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at >> 32),
       static_cast<std::uint32_t>(spec.stream), static_cast<std::uint32_t>(spec.stream >> 32)},
      {static_cast<std::uint32_t>(spec.seed), static_cast<std::uint32_t>(spec.seed >> 32)});
  const auto kept_share = static_cast<ComputeType<E>>(1.0 - spec.rate);
  for (int k = 0; k < 4 && 4 * block + k < count; ++k) {
    const bool kept = bits[static_cast<std::size_t>(k)] * 0x1.0p-32 >= spec.rate;
    y[4 * block + k] = kept ? store<E>(load(x[4 * block + k]) / kept_share) : store<E>(0);
  }
}

template <class T>
class CudaDropout final : public DropoutKernels<T> {
 public:
  void apply(const DropoutSpec& spec, In<T> x, View<T> y) const override {
    const Index count = y.numel();
    with_element<T>(x.storage, [&]<class E>(E) {
      launch({"dropout", blocks_for((count + 3) / 4), kThreads}, dropout_kernel<E>, spec, count,
             elements<E>(x), elements<E>(y));
    });
  }
};

}  // namespace

template <class T>
const DropoutKernels<T>& DropoutKernels<T>::cuda() {
  static const CudaDropout<T> kernels{};
  return kernels;
}
template const DropoutKernels<float>& DropoutKernels<float>::cuda();
template const DropoutKernels<double>& DropoutKernels<double>::cuda();

}  // namespace dmf
