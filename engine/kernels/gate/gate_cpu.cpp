#include "engine/core/parallel.h"
#include "engine/kernels/gate/gate.h"

namespace dmf {
namespace {

constexpr Index kPixels = 1024;  // of a piece of parallel work

template <class T>
class CpuGate final : public GateKernels<T> {
 public:
  void forward(In<T> x, In<T> a, View<T> y) const override {
    const Index C = x.size(-1);
    parallel_chunks(a.numel(), kPixels, [&](Index begin, Index end) {
      for (Index m = begin; m < end; ++m) {
        const T s = sigmoid(a.data[m]);
        const T* from = x.data + m * C;
        T* to = y.data + m * C;
#pragma omp simd
        for (Index c = 0; c < C; ++c) to[c] = from[c] * s;
      }
    });
  }

  void backward(In<T> x, In<T> a, In<T> dy, View<T> dx, View<T> da) const override {
    const Index C = x.size(-1);
    parallel_chunks(a.numel(), kPixels, [&](Index begin, Index end) {
      for (Index m = begin; m < end; ++m) {
        const T s = sigmoid(a.data[m]);
        const T *from = x.data + m * C, *gradient = dy.data + m * C;
        T* to = dx.data + m * C;
        T sum{0};
#pragma omp simd reduction(+ : sum)
        for (Index c = 0; c < C; ++c) {
          sum += gradient[c] * from[c];
          to[c] = gradient[c] * s;
        }
        da.data[m] = s * (T{1} - s) * sum;
      }
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const GateKernels<T>& GateKernels<T>::cpu() {
  static const CpuGate<T> kernels{};
  return kernels;
}
template const GateKernels<float>& GateKernels<float>::cpu<kCompiledFor>();
template const GateKernels<double>& GateKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
