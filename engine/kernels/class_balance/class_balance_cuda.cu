#include "engine/cuda/launch.cuh"
#include "engine/cuda/reduce.cuh"
#include "engine/kernels/class_balance/class_balance.h"

namespace dmf::cuda {
namespace {

/// One block a group and a class.
__global__ void count_labels(Index pixels, Index C, std::int32_t ignored,
                             const std::int32_t* target, double* counts) {
  __shared__ double scratch[kThreads / 32];
  const Index g = blockIdx.x;
  const auto c = static_cast<std::int32_t>(blockIdx.y);
  Index count = 0;
  for (Index i = g * pixels + threadIdx.x; i < (g + 1) * pixels; i += blockDim.x) {
    count += target[i] == c && target[i] != ignored ? 1 : 0;
  }
  const double sum = block_sum(static_cast<double>(count), scratch);
  if (threadIdx.x == 0) counts[g * C + c] = sum;
}

/// One thread a group: there are as many as images, and a few classes in each.
template <class T>
__global__ void share_classes(ClassBalance balance, Index G, Index C, const double* counts,
                              const double* factors, T* share, double* weights) {
  const Index g = global_thread();
  if (g >= G) return;
  class_shares(balance, counts + g * C, factors, C, G, weights + g * C, share + g * C);
}

}  // namespace

void label_counts(std::int32_t ignore_index, ConstView<std::int32_t> target, View<double> counts) {
  const Index G = counts.size(0), C = counts.size(1);
  launch({"label_counts", dim3(static_cast<unsigned>(G), static_cast<unsigned>(C)), kThreads},
         count_labels, G == 0 ? Index{0} : target.numel() / G, C, ignore_index, target.data,
         counts.data);
}

template <class T>
void class_balance(ClassBalance balance, In<double> counts, In<double> factors, View<T> share,
                   View<double> weights) {
  const Index G = counts.size(0), C = counts.size(1);
  launch({"class_balance", blocks_for(G), kThreads}, share_classes<T>, balance, G, C, counts.data,
         factors.data, share.data, weights.data);
}

template void class_balance<float>(ClassBalance, In<double>, In<double>, View<float>, View<double>);
template void class_balance<double>(ClassBalance, In<double>, In<double>, View<double>,
                                    View<double>);

}  // namespace dmf::cuda
