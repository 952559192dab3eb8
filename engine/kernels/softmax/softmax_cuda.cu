#include <cmath>

#include "engine/cuda/elements.cuh"
#include "engine/kernels/softmax/softmax.h"

namespace dmf {
namespace {

using namespace cuda;

// One thread a pixel: a segmentation has few classes, and the pixels of a warp lie side by side.

/// The largest of C values, and the sum of their exponentials after it was subtracted.
template <class E>
struct Exponentials {
  ComputeType<E> largest, sum;

  __device__ Exponentials(const E* x, Index C) : largest(load(x[0])), sum(0) {
    for (Index k = 1; k < C; ++k) {
      const ComputeType<E> value = load(x[k]);
      largest = value > largest ? value : largest;
    }
    for (Index k = 0; k < C; ++k) sum += std::exp(load(x[k]) - largest);
  }
};

template <class E, class T>
__global__ void softmax_forward_kernel(Index M, Index C, const E* x, T* y) {
  const Index m = global_thread();
  if (m >= M) return;
  const Exponentials<E> all(x + m * C, C);
  for (Index k = m * C; k < (m + 1) * C; ++k) y[k] = std::exp(load(x[k]) - all.largest) / all.sum;
}

template <class E, class T>
__global__ void softmax_backward_kernel(Index M, Index C, const T* y, const T* dy, E* dx) {
  const Index m = global_thread();
  if (m >= M) return;
  T sum{0};
  for (Index k = m * C; k < (m + 1) * C; ++k) sum += dy[k] * y[k];
  for (Index k = m * C; k < (m + 1) * C; ++k) dx[k] = store<E>(y[k] * (dy[k] - sum));
}

template <class E, class T>
__global__ void log_softmax_forward_kernel(Index M, Index C, const E* x, T* y) {
  const Index m = global_thread();
  if (m >= M) return;
  const Exponentials<E> all(x + m * C, C);
  const T log_sum = std::log(all.sum);
  for (Index k = m * C; k < (m + 1) * C; ++k) y[k] = (load(x[k]) - all.largest) - log_sum;
}

template <class E, class T>
__global__ void log_softmax_backward_kernel(Index M, Index C, const T* y, const T* dy, E* dx) {
  const Index m = global_thread();
  if (m >= M) return;
  T sum{0};
  for (Index k = m * C; k < (m + 1) * C; ++k) sum += dy[k];
  for (Index k = m * C; k < (m + 1) * C; ++k) dx[k] = store<E>(dy[k] - std::exp(y[k]) * sum);
}

template <class T>
class CudaSoftmax final : public SoftmaxKernels<T> {
 public:
  void forward(In<T> x, View<T> y) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    with_element<T>(x.storage, [&]<class E>(E) {
      launch({"softmax_forward", blocks_for(M), kThreads}, softmax_forward_kernel<E, T>, M, C,
             elements<E>(x), y.data);
    });
  }

  void backward(In<T> y, In<T> dy, View<T> dx) const override {
    const Index C = y.size(-1), M = y.numel() / C;
    with_element<T>(dx.storage, [&]<class E>(E) {
      launch({"softmax_backward", blocks_for(M), kThreads}, softmax_backward_kernel<E, T>, M, C,
             y.data, dy.data, elements<E>(dx));
    });
  }

  void log_forward(In<T> x, View<T> y) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    with_element<T>(x.storage, [&]<class E>(E) {
      launch({"log_softmax_forward", blocks_for(M), kThreads}, log_softmax_forward_kernel<E, T>, M,
             C, elements<E>(x), y.data);
    });
  }

  void log_backward(In<T> y, In<T> dy, View<T> dx) const override {
    const Index C = y.size(-1), M = y.numel() / C;
    with_element<T>(dx.storage, [&]<class E>(E) {
      launch({"log_softmax_backward", blocks_for(M), kThreads}, log_softmax_backward_kernel<E, T>,
             M, C, y.data, dy.data, elements<E>(dx));
    });
  }
};

}  // namespace

template <class T>
const SoftmaxKernels<T>& SoftmaxKernels<T>::cuda() {
  static const CudaSoftmax<T> kernels{};
  return kernels;
}
template const SoftmaxKernels<float>& SoftmaxKernels<float>::cuda();
template const SoftmaxKernels<double>& SoftmaxKernels<double>::cuda();

}  // namespace dmf
