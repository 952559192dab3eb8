#include "engine/cuda/elements.cuh"
#include "engine/kernels/gate/gate.h"

namespace dmf {
namespace {

using namespace cuda;

// One thread a pixel: a pixel's sum over its channels is added up in their order.

template <class E>
__global__ void forward_kernel(Index M, Index C, const E* x, const E* a, E* y) {
  const Index m = global_thread();
  if (m >= M) return;
  const ComputeType<E> s = sigmoid(load(a[m]));
  for (Index k = m * C; k < (m + 1) * C; ++k) y[k] = store<E>(load(x[k]) * s);
}

template <class E>
__global__ void backward_kernel(Index M, Index C, const E* x, const E* a, const E* dy, E* dx,
                                E* da) {
  const Index m = global_thread();
  if (m >= M) return;
  const ComputeType<E> s = sigmoid(load(a[m]));
  ComputeType<E> sum(0);
  for (Index k = m * C; k < (m + 1) * C; ++k) {
    sum += load(dy[k]) * load(x[k]);
    dx[k] = store<E>(load(dy[k]) * s);
  }
  da[m] = store<E>(s * (ComputeType<E>(1) - s) * sum);
}

template <class T>
class CudaGate final : public GateKernels<T> {
 public:
  void forward(In<T> x, In<T> a, View<T> y) const override {
    with_element<T>(x.storage, [&]<class E>(E) {
      launch({"gate_forward", blocks_for(a.numel()), kThreads}, forward_kernel<E>, a.numel(),
             x.size(-1), elements<E>(x), elements<E>(a), elements<E>(y));
    });
  }

  void backward(In<T> x, In<T> a, In<T> dy, View<T> dx, View<T> da) const override {
    with_element<T>(x.storage, [&]<class E>(E) {
      launch({"gate_backward", blocks_for(a.numel()), kThreads}, backward_kernel<E>, a.numel(),
             x.size(-1), elements<E>(x), elements<E>(a), elements<E>(dy), elements<E>(dx),
             elements<E>(da));
    });
  }
};

}  // namespace

template <class T>
const GateKernels<T>& GateKernels<T>::cuda() {
  static const CudaGate<T> kernels{};
  return kernels;
}
template const GateKernels<float>& GateKernels<float>::cuda();
template const GateKernels<double>& GateKernels<double>::cuda();

}  // namespace dmf
