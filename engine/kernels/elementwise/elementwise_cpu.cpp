#include <algorithm>

#include "engine/core/eigen.h"
#include "engine/core/parallel.h"
#include "engine/kernels/elementwise/elementwise.h"

namespace dmf {
namespace {

constexpr Index kGrain = 1 << 15;  // elements of a chunk: some 10 microseconds of memory traffic

template <class F, class T>
class CpuUnary final : public UnaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> x, View<T> y) const override {
    parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) y.data[i] = f.forward(x.data[i]);
    });
  }

  void backward(const F& f, In<T> x, In<T> dy, View<T> dx) const override {
    parallel_chunks(dx.numel(), kGrain, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) dx.data[i] = f.derivative(x.data[i]) * dy.data[i];
    });
  }
};

template <class F, class T>
class CpuBinary final : public BinaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> a, In<T> b, View<T> y) const override {
    parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) y.data[i] = f.forward(a.data[i], b.data[i]);
    });
  }

  void backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db) const override {
    parallel_chunks(dy.numel(), kGrain, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const T x = a.data[i], y = b.data[i], gradient = dy.data[i];
        if (da) da.data[i] = f.derivative_a(x, y) * gradient;
        if (db) db.data[i] = f.derivative_b(x, y) * gradient;
      }
    });
  }
};

template <class T>
class CpuElementwise final : public ElementwiseKernels<T> {
 public:
  void accumulate(In<T> x, View<T> y) const override {
    parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
      as_array(y.data + begin, end - begin) += as_array(x.data + begin, end - begin);
    });
  }

  void broadcast(In<T> x, View<T> y) const override {
    parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
      as_array(y.data + begin, end - begin) = x.data[0];
    });
  }

  void convert(In<T> x, View<double> y) const override {
    parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) y.data[i] = static_cast<double>(x.data[i]);
    });
  }

  void copy(In<T> x, View<T> y) const override {
    parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
      std::copy(x.data + begin, x.data + end, y.data + begin);
    });
  }
};

}  // namespace

template <class F, class T>
template <InstructionSet>
const UnaryKernels<F, T>& UnaryKernels<F, T>::cpu() {
  static const CpuUnary<F, T> kernels{};
  return kernels;
}
template <class F, class T>
template <InstructionSet>
const BinaryKernels<F, T>& BinaryKernels<F, T>::cpu() {
  static const CpuBinary<F, T> kernels{};
  return kernels;
}
template <class T>
template <InstructionSet>
const ElementwiseKernels<T>& ElementwiseKernels<T>::cpu() {
  static const CpuElementwise<T> kernels{};
  return kernels;
}
template const ElementwiseKernels<float>& ElementwiseKernels<float>::cpu<kCompiledFor>();
template const ElementwiseKernels<double>& ElementwiseKernels<double>::cpu<kCompiledFor>();

#define DMF_INSTANTIATE(Kernels, F)                                                             \
  template const Kernels<functors::F, float>& Kernels<functors::F, float>::cpu<kCompiledFor>(); \
  template const Kernels<functors::F, double>& Kernels<functors::F, double>::cpu<kCompiledFor>();
#define DMF_UNARY(F) DMF_INSTANTIATE(UnaryKernels, F)
#define DMF_BINARY(F) DMF_INSTANTIATE(BinaryKernels, F)
DMF_UNARY_FUNCTORS(DMF_UNARY)
DMF_BINARY_FUNCTORS(DMF_BINARY)
#undef DMF_BINARY
#undef DMF_UNARY
#undef DMF_INSTANTIATE

}  // namespace dmf
