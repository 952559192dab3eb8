#include "engine/kernels/elementwise/elementwise.h"

namespace dmf {
namespace {

template <class F, class T>
class ReferenceUnary final : public UnaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> x, View<T> y) const override {
    for (Index i = 0; i < y.numel(); ++i) y.data[i] = f.forward(x.data[i]);
  }

  void backward(const F& f, In<T> x, In<T> dy, View<T> dx) const override {
    for (Index i = 0; i < dx.numel(); ++i) dx.data[i] = f.derivative(x.data[i]) * dy.data[i];
  }
};

template <class F, class T>
class ReferenceBinary final : public BinaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> a, In<T> b, View<T> y) const override {
    for (Index i = 0; i < y.numel(); ++i) y.data[i] = f.forward(a.data[i], b.data[i]);
  }

  void backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db) const override {
    for (Index i = 0; i < dy.numel(); ++i) {
      const T x = a.data[i], y = b.data[i], gradient = dy.data[i];
      if (da) da.data[i] = f.derivative_a(x, y) * gradient;
      if (db) db.data[i] = f.derivative_b(x, y) * gradient;
    }
  }
};

template <class T>
class ReferenceElementwise final : public ElementwiseKernels<T> {
 public:
  void accumulate(In<T> x, View<T> y) const override {
    for (Index i = 0; i < y.numel(); ++i) y.data[i] += x.data[i];
  }

  void broadcast(In<T> x, View<T> y) const override {
    for (Index i = 0; i < y.numel(); ++i) y.data[i] = x.data[0];
  }

  void convert(In<T> x, View<double> y) const override {
    for (Index i = 0; i < y.numel(); ++i) y.data[i] = static_cast<double>(x.data[i]);
  }

  void copy(In<T> x, View<T> y) const override {
    for (Index i = 0; i < y.numel(); ++i) y.data[i] = x.data[i];
  }
};

}  // namespace

template <class F, class T>
const UnaryKernels<F, T>& UnaryKernels<F, T>::reference() {
  static const ReferenceUnary<F, T> kernels{};
  return kernels;
}
template <class F, class T>
const BinaryKernels<F, T>& BinaryKernels<F, T>::reference() {
  static const ReferenceBinary<F, T> kernels{};
  return kernels;
}
template <class T>
const ElementwiseKernels<T>& ElementwiseKernels<T>::reference() {
  static const ReferenceElementwise<T> kernels{};
  return kernels;
}
template const ElementwiseKernels<float>& ElementwiseKernels<float>::reference();
template const ElementwiseKernels<double>& ElementwiseKernels<double>::reference();

#define DMF_INSTANTIATE(Kernels, F)                                                     \
  template const Kernels<functors::F, float>& Kernels<functors::F, float>::reference(); \
  template const Kernels<functors::F, double>& Kernels<functors::F, double>::reference();
#define DMF_UNARY(F) DMF_INSTANTIATE(UnaryKernels, F)
#define DMF_BINARY(F) DMF_INSTANTIATE(BinaryKernels, F)
DMF_UNARY_FUNCTORS(DMF_UNARY)
DMF_BINARY_FUNCTORS(DMF_BINARY)
#undef DMF_BINARY
#undef DMF_UNARY
#undef DMF_INSTANTIATE

}  // namespace dmf
