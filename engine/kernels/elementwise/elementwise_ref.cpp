#include "engine/kernels/elementwise/elementwise.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

template <class F, class T>
class ReferenceUnary final : public UnaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> x, View<T> y) const override {
    array(y) = array(x).unaryExpr([f](T v) { return f.forward(v); });
  }

  void backward(const F& f, In<T> x, In<T> dy, View<T> dx) const override {
    array(dx) = array(x).unaryExpr([f](T v) { return f.derivative(v); }) * array(dy);
  }
};

template <class F, class T>
class ReferenceBinary final : public BinaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> a, In<T> b, View<T> y) const override {
    array(y) = array(a).binaryExpr(array(b), [f](T v, T w) { return f.forward(v, w); });
  }

  void backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db) const override {
    const Array<T> slope_a =
        array(a).binaryExpr(array(b), [f](T v, T w) { return f.derivative_a(v, w); });
    const Array<T> slope_b =
        array(a).binaryExpr(array(b), [f](T v, T w) { return f.derivative_b(v, w); });
    const Array<T> gradient = array(dy);  // which may be da
    if (da) array(da) = slope_a * gradient;
    if (db) array(db) = slope_b * gradient;
  }
};

template <class T>
class ReferenceElementwise final : public ElementwiseKernels<T> {
 public:
  void accumulate(In<T> x, View<T> y) const override { array(y) += array(x); }

  void broadcast(In<T> x, View<T> y) const override { array(y) = x.data[0]; }

  void convert(In<T> x, View<double> y) const override {
    array(y) = array(x).template cast<double>();
  }

  void copy(In<T> x, View<T> y) const override { array(y) = array(x); }
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
