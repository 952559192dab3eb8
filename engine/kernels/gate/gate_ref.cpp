#include "engine/kernels/gate/gate.h"

namespace dmf {
namespace {

template <class T>
class ReferenceGate final : public GateKernels<T> {
 public:
  void forward(In<T> x, In<T> a, View<T> y) const override {
    const Index C = x.size(-1);
    for (Index m = 0; m < a.numel(); ++m)
      for (Index c = 0; c < C; ++c) y.data[m * C + c] = x.data[m * C + c] * sigmoid(a.data[m]);
  }

  void backward(In<T> x, In<T> a, In<T> dy, View<T> dx, View<T> da) const override {
    const Index C = x.size(-1);
    for (Index m = 0; m < a.numel(); ++m) {
      const T s = sigmoid(a.data[m]);
      T sum{0};
      for (Index c = 0; c < C; ++c) {
        sum += dy.data[m * C + c] * x.data[m * C + c];
        dx.data[m * C + c] = dy.data[m * C + c] * s;
      }
      da.data[m] = s * (T{1} - s) * sum;
    }
  }
};

}  // namespace

template <class T>
const GateKernels<T>& GateKernels<T>::reference() {
  static const ReferenceGate<T> kernels{};
  return kernels;
}
template const GateKernels<float>& GateKernels<float>::reference();
template const GateKernels<double>& GateKernels<double>::reference();

}  // namespace dmf
