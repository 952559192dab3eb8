#include <algorithm>

#include "engine/cuda/channel_sums.cuh"
#include "engine/cuda/elements.cuh"
#include "engine/cuda/reduce.cuh"
#include "engine/kernels/reduce/reduce.h"

namespace dmf {
namespace {

using namespace cuda;

constexpr Index kChunk = 8192;  // elements that one block adds up

template <class T>
__global__ void sum_chunks(Index count, const T* x, double* sums) {
  __shared__ double scratch[kThreads / 32];
  const Index begin = blockIdx.x * kChunk;
  const Index end = begin + kChunk < count ? begin + kChunk : count;
  double sum = 0.0;
  for (Index i = begin + threadIdx.x; i < end; i += blockDim.x) sum += static_cast<double>(x[i]);
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

template <class T>
__global__ void sum_sums(Index count, const double* sums, T* y) {
  __shared__ double scratch[kThreads / 32];
  double sum = 0.0;
  for (Index i = threadIdx.x; i < count; i += blockDim.x) sum += sums[i];
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) y[0] = static_cast<T>(sum);
}

/// The one term of a bias's gradient.
template <class E>
struct Plain {
  using Element = E;
  static constexpr int kTerms = 1;
  const E* x;

  template <int V>
  struct Columns {
    const E* x;

    __device__ Columns(const Plain& term, Index) : x(term.x) {}
    __device__ void add(Index at, ComputeType<E> (&sums)[1][V]) const {
      const auto values = *reinterpret_cast<const Pack<E, V>*>(x + at);
      for (int v = 0; v < V; ++v) sums[0][v] += load(values.at[v]);
    }
  };
};

template <class T>
struct Store {
  T* y;

  __device__ void operator()(Index c, const double (&totals)[1]) const {
    y[c] = static_cast<T>(totals[0]);
  }
};

template <class T>
class CudaReduce final : public ReduceKernels<T> {
 public:
  void sum(In<T> x, View<T> y, Workspace& workspace) const override {
    const Index chunks = (x.numel() + kChunk - 1) / kChunk;
    double* sums = workspace.take<double>(chunks);
    launch({"sum", static_cast<unsigned>(chunks), kThreads}, sum_chunks<T>, x.numel(), x.data,
           sums);
    launch({"sum", 1, kThreads}, sum_sums<T>, chunks, sums, y.data);
  }

  void channel_sum(In<T> x, View<T> y, Workspace& workspace) const override {
    const Index C = x.size(-1), M = C == 0 ? 0 : x.numel() / C;
    with_element<T>(x.storage, [&]<class E>(E) {
      channel_sums("channel_sum", M, C, Plain<E>{elements<E>(x)}, Store<T>{y.data}, workspace);
    });
  }
};

}  // namespace

template <class T>
const ReduceKernels<T>& ReduceKernels<T>::cuda() {
  static const CudaReduce<T> kernels{};
  return kernels;
}
template const ReduceKernels<float>& ReduceKernels<float>::cuda();
template const ReduceKernels<double>& ReduceKernels<double>::cuda();

}  // namespace dmf
