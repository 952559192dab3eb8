#include <cmath>

#include "engine/cuda/launch.cuh"
#include "engine/cuda/reduce.cuh"
#include "engine/kernels/soft_confusion/soft_confusion.h"

namespace dmf::cuda {
namespace {

constexpr Index kChunk = 2048;  // pixels that one block adds up; chunks never straddle two groups

/// parts[group, chunk, 3, C]: TP, FP, FN of every class over one chunk of pixels
template <class T>
__global__ void count_pixels(Index pixels, Index C, std::int32_t ignored, const T* log_probs,
                             const std::int32_t* target, double* parts) {
  __shared__ double scratch[3][kThreads / 32];
  const Index group = blockIdx.y, begin = blockIdx.x * kChunk;
  const Index end = begin + kChunk < pixels ? begin + kChunk : pixels;
  double* mine = parts + (group * gridDim.x + blockIdx.x) * 3 * C;
  for (Index c = 0; c < C; ++c) {
    T tp{0}, fp{0}, fn{0};  // of kChunk / kThreads pixels at most
    for (Index q = begin + threadIdx.x; q < end; q += blockDim.x) {
      const Index i = group * pixels + q;
      if (target[i] == ignored) continue;
      const T lp = log_probs[i * C + c];
      if (target[i] == c) {
        tp += std::exp(lp);
        fn -= std::expm1(lp);
      } else {
        fp += std::exp(lp);
      }
    }
    const double all[3] = {static_cast<double>(tp), static_cast<double>(fp),
                           static_cast<double>(fn)};
    for (int k = 0; k < 3; ++k) {
      const double sum = block_sum(all[k], scratch[k]);
      if (threadIdx.x == 0) mine[k * C + c] = sum;
    }
    __syncthreads();
  }
}

/// counts [3, G, C] from the parts; one block a group and a class
template <class T>
__global__ void finish_counts(Index chunks, Index G, Index C, const double* parts, T* counts) {
  __shared__ double scratch[kThreads / 32];
  const Index g = blockIdx.x, c = blockIdx.y;
  for (int k = 0; k < 3; ++k) {
    double sum = 0.0;
    for (Index chunk = threadIdx.x; chunk < chunks; chunk += blockDim.x) {
      sum += parts[((g * chunks + chunk) * 3 + k) * C + c];
    }
    sum = block_sum(sum, scratch);
    if (threadIdx.x == 0) counts[(k * G + g) * C + c] = static_cast<T>(sum);
    __syncthreads();
  }
}

template <class T>
__global__ void backward_kernel(Index count, Index pixels, Index G, Index C, std::int32_t ignored,
                                const T* log_probs, const std::int32_t* target, const T* dcounts,
                                T* dlog_probs) {
  const Index i = global_thread();
  if (i >= count) return;
  const Index g = i / pixels;
  const std::int32_t label = target[i];
  for (Index c = 0; c < C; ++c) {
    const T dtp = dcounts[g * C + c], dfp = dcounts[(G + g) * C + c];
    const T dfn = dcounts[(2 * G + g) * C + c];
    const T slope = label == c ? dtp - dfn : dfp;
    dlog_probs[i * C + c] =
        label == ignored ? T{0} : static_cast<T>(std::exp(log_probs[i * C + c])) * slope;
  }
}

}  // namespace

template <class T>
void soft_confusion_forward(const SoftConfusionSpec& spec, In<T> log_probs, In<std::int32_t> target,
                            View<T> counts, Workspace& workspace) {
  const Index G = counts.size(1), C = counts.size(2), pixels = G == 0 ? 0 : target.numel() / G;
  const Index chunks = (pixels + kChunk - 1) / kChunk;
  double* parts = workspace.take<double>(G * chunks * 3 * C);
  launch({"soft_confusion_forward", dim3(static_cast<unsigned>(chunks), static_cast<unsigned>(G)),
          kThreads},
         count_pixels<T>, pixels, C, spec.ignore_index, log_probs.data, target.data, parts);
  launch({"soft_confusion_forward", dim3(static_cast<unsigned>(G), static_cast<unsigned>(C)),
          kThreads},
         finish_counts<T>, chunks, G, C, static_cast<const double*>(parts), counts.data);
}

template <class T>
void soft_confusion_backward(const SoftConfusionSpec& spec, In<T> log_probs,
                             In<std::int32_t> target, In<T> dcounts, View<T> dlog_probs) {
  const Index G = dcounts.size(1), C = dcounts.size(2), count = target.numel();
  launch({"soft_confusion_backward", blocks_for(count), kThreads}, backward_kernel<T>, count,
         G == 0 ? Index{1} : count / G, G, C, spec.ignore_index, log_probs.data, target.data,
         dcounts.data, dlog_probs.data);
}

#define DMF_INSTANTIATE(T)                                                                    \
  template void soft_confusion_forward<T>(const SoftConfusionSpec&, In<T>, In<std::int32_t>,  \
                                          View<T>, Workspace&);                               \
  template void soft_confusion_backward<T>(const SoftConfusionSpec&, In<T>, In<std::int32_t>, \
                                           In<T>, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cuda
