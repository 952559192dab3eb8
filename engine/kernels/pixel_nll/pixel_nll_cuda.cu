#include <cmath>

#include "engine/cuda/launch.cuh"
#include "engine/cuda/reduce.cuh"
#include "engine/kernels/pixel_nll/pixel_nll.h"

namespace dmf::cuda {
namespace {

constexpr Index kChunk = 2048;  // pixels that one block adds up; chunks never straddle two groups

struct Groups {
  Index count, pixels, chunks;
};

Groups groups_of(const PixelNllSpec& spec, In<std::int32_t> target) {
  const Index count = spec.per_image ? target.size(0) : 1;
  const Index pixels = count == 0 ? 0 : target.numel() / count;
  return {count, pixels, (pixels + kChunk - 1) / kChunk};
}

/// (1 - p)^gamma, without pow for the exponents in common use
template <class T>
__device__ T focusing(T miss, T gamma) {
  if (gamma == T{0}) return T{1};
  if (gamma == T{1}) return miss;
  if (gamma == T{2}) return miss * miss;
  return std::pow(miss, gamma);
}

/// parts[chunk] = {sum of the pixels' terms, sum of their normalizers}
template <class T>
__global__ void add_pixels(Groups groups, Index C, T gamma, std::int32_t ignored,
                           const T* log_probs, const std::int32_t* target, const double* scale,
                           const double* normalizer, double* parts) {
  __shared__ double scratch[2][kThreads / 32];
  const Index group = blockIdx.y, begin = blockIdx.x * kChunk;
  const Index end = begin + kChunk < groups.pixels ? begin + kChunk : groups.pixels;
  double sum = 0.0, weight = 0.0;
  for (Index p = begin + threadIdx.x; p < end; p += blockDim.x) {
    const Index i = group * groups.pixels + p;
    const std::int32_t label = target[i];
    if (label == ignored) continue;
    const T lp = log_probs[i * C + label];
    sum -=
        scale[label] * static_cast<double>(focusing(static_cast<T>(-std::expm1(lp)), gamma) * lp);
    weight += normalizer[label];
  }
  sum = block_sum(sum, scratch[0]);
  weight = block_sum(weight, scratch[1]);
  if (threadIdx.x == 0) {
    double* part = parts + 2 * (group * groups.chunks + blockIdx.x);
    part[0] = sum;
    part[1] = weight;
  }
}

/// One block a group: sums[g] = {terms, normalizers}, and where asked for the quotient.
template <class T>
__global__ void finish_groups(Index chunks, const double* parts, double* sums, T* loss) {
  __shared__ double scratch[2][kThreads / 32];
  const double* mine = parts + 2 * blockIdx.x * chunks;
  double sum = 0.0, weight = 0.0;
  for (Index chunk = threadIdx.x; chunk < chunks; chunk += blockDim.x) {
    sum += mine[2 * chunk];
    weight += mine[2 * chunk + 1];
  }
  sum = block_sum(sum, scratch[0]);
  weight = block_sum(weight, scratch[1]);
  if (threadIdx.x != 0) return;
  sums[2 * blockIdx.x] = sum;
  sums[2 * blockIdx.x + 1] = weight;
  if (loss != nullptr) loss[blockIdx.x] = static_cast<T>(weight > 0.0 ? sum / weight : 0.0);
}

/// return  [G, 2] in workspace memory
template <class T>
const double* sum_groups(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                         In<double> scale, In<double> normalizer, T* loss, Workspace& workspace) {
  const Groups groups = groups_of(spec, target);
  double* parts = workspace.take<double>(2 * groups.count * groups.chunks);
  double* sums = workspace.take<double>(2 * groups.count);
  launch(
      {"pixel_nll", dim3(static_cast<unsigned>(groups.chunks), static_cast<unsigned>(groups.count)),
       kThreads},
      add_pixels<T>, groups, log_probs.size(-1), static_cast<T>(spec.gamma), spec.ignore_index,
      log_probs.data, target.data, scale.data, normalizer.data, parts);
  launch({"pixel_nll", static_cast<unsigned>(groups.count), kThreads}, finish_groups<T>,
         groups.chunks, static_cast<const double*>(parts), sums, loss);
  return sums;
}

template <class T>
__global__ void backward_kernel(Groups groups, Index C, T gamma, std::int32_t ignored,
                                const T* log_probs, const std::int32_t* target, const double* scale,
                                const double* sums, const T* dloss, T* dlog_probs) {
  const Index i = global_thread();
  if (i >= groups.count * groups.pixels) return;
  for (Index k = i * C; k < (i + 1) * C; ++k) dlog_probs[k] = T{0};
  const Index group = i / groups.pixels;
  const std::int32_t label = target[i];
  const double total = sums[2 * group + 1];
  if (label == ignored || !(total > 0.0)) return;
  const T lp = log_probs[i * C + label];
  const T miss = static_cast<T>(-std::expm1(lp));  // 1 - p
  T slope = -focusing(miss, gamma);
  if (gamma > T{0} && miss > T{0}) {
    slope += gamma * focusing(miss, gamma - T{1}) * static_cast<T>(std::exp(lp)) * lp;
  }
  const double factor = static_cast<double>(dloss[group]) * scale[label] / total;
  dlog_probs[i * C + label] = static_cast<T>(factor * static_cast<double>(slope));
}

}  // namespace

template <class T>
void pixel_nll_forward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                       In<double> scale, In<double> normalizer, View<T> loss,
                       Workspace& workspace) {
  sum_groups(spec, log_probs, target, scale, normalizer, loss.data, workspace);
}

template <class T>
void pixel_nll_backward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                        In<double> scale, In<double> normalizer, In<T> dloss, View<T> dlog_probs,
                        Workspace& workspace) {
  T* no_loss = nullptr;
  const double* sums = sum_groups(spec, log_probs, target, scale, normalizer, no_loss, workspace);
  launch({"pixel_nll_backward", blocks_for(target.numel()), kThreads}, backward_kernel<T>,
         groups_of(spec, target), log_probs.size(-1), static_cast<T>(spec.gamma), spec.ignore_index,
         log_probs.data, target.data, scale.data, sums, dloss.data, dlog_probs.data);
}

#define DMF_INSTANTIATE(T)                                                                      \
  template void pixel_nll_forward<T>(const PixelNllSpec&, In<T>, In<std::int32_t>, In<double>,  \
                                     In<double>, View<T>, Workspace&);                          \
  template void pixel_nll_backward<T>(const PixelNllSpec&, In<T>, In<std::int32_t>, In<double>, \
                                      In<double>, In<T>, View<T>, Workspace&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cuda
