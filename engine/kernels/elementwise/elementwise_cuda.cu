#include "engine/cuda/elements.cuh"
#include "engine/kernels/elementwise/elementwise.h"

namespace dmf {
namespace {

using namespace cuda;

/// y[i] = f(x[i]..), 16 bytes a thread, what is left over one by one. y may be one of x.
template <class E, class F, class... X>
__global__ void map(Index count, F f, E* y, const X*... x) {
  const Index first = global_thread() * kPack<E>;
  if (first + kPack<E> <= count) {
    Pack<E> out;
    const auto apply = [&](const auto&... in) {
      for (int k = 0; k < kPack<E>; ++k) out.at[k] = store<E>(f(load(in.at[k])...));
    };
    apply(*reinterpret_cast<const Pack<X>*>(x + first)...);
    *reinterpret_cast<Pack<E>*>(y + first) = out;
  } else {
    for (Index i = first; i < count; ++i) y[i] = store<E>(f(load(x[i])...));
  }
}

template <class E, class F, class... X>
void launch_map(const char* name, Index count, F f, E* y, const X*... x) {
  launch({name, blocks_for((count + kPack<E> - 1) / kPack<E>), kThreads}, map<E, F, X...>, count, f,
         y, x...);
}

// What map() calls for each element; named types, since nvcc cannot pass lambdas of templates.

template <class F>
struct Forward {
  F f;
  template <class T>
  __device__ T operator()(T x) const {
    return f.forward(x);
  }
  template <class T>
  __device__ T operator()(T a, T b) const {
    return f.forward(a, b);
  }
};

template <class F>
struct Derivative {
  F f;
  template <class T>
  __device__ T operator()(T x, T dy) const {
    return f.derivative(x) * dy;
  }
};

template <class F>
struct DerivativeA {
  F f;
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return f.derivative_a(a, b) * dy;
  }
};

template <class F>
struct DerivativeB {
  F f;
  template <class T>
  __device__ T operator()(T a, T b, T dy) const {
    return f.derivative_b(a, b) * dy;
  }
};

struct Sum {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

template <class E>
__global__ void broadcast_kernel(Index count, const E* x, E* y) {
  const Index i = global_thread();
  if (i < count) y[i] = x[0];
}

template <class From, class To>
__global__ void convert_kernel(Index count, const From* x, To* y) {
  const Index i = global_thread();
  if (i < count) y[i] = static_cast<To>(x[i]);
}

template <class From, class To>
__global__ void copy_kernel(Index count, const From* x, To* y) {
  const Index i = global_thread();
  if (i < count) y[i] = store<To>(load(x[i]));
}

template <class F, class T>
class CudaUnary final : public UnaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> x, View<T> y) const override {
    with_element<T>(y.storage, [&]<class E>(E) {
      launch_map("unary_forward", y.numel(), Forward<F>{f}, elements<E>(y), elements<E>(x));
    });
  }

  void backward(const F& f, In<T> x, In<T> dy, View<T> dx) const override {
    with_element<T>(dx.storage, [&]<class E>(E) {
      launch_map("unary_backward", dx.numel(), Derivative<F>{f}, elements<E>(dx), elements<E>(x),
                 elements<E>(dy));
    });
  }
};

template <class F, class T>
class CudaBinary final : public BinaryKernels<F, T> {
 public:
  void forward(const F& f, In<T> a, In<T> b, View<T> y) const override {
    with_element<T>(y.storage, [&]<class E>(E) {
      launch_map("binary_forward", y.numel(), Forward<F>{f}, elements<E>(y), elements<E>(a),
                 elements<E>(b));
    });
  }

  void backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db) const override {
    with_element<T>(dy.storage, [&]<class E>(E) {
      if (da) {
        launch_map("binary_backward", dy.numel(), DerivativeA<F>{f}, elements<E>(da),
                   elements<E>(a), elements<E>(b), elements<E>(dy));
      }
      if (db) {
        launch_map("binary_backward", dy.numel(), DerivativeB<F>{f}, elements<E>(db),
                   elements<E>(a), elements<E>(b), elements<E>(dy));
      }
    });
  }
};

template <class T>
class CudaElementwise final : public ElementwiseKernels<T> {
 public:
  void accumulate(In<T> x, View<T> y) const override {
    with_element<T>(y.storage, [&]<class E>(E) {
      launch_map("accumulate", y.numel(), Sum{}, elements<E>(y), elements<E>(x),
                 const_cast<const E*>(elements<E>(y)));
    });
  }

  void broadcast(In<T> x, View<T> y) const override {
    launch({"broadcast", blocks_for(y.numel()), kThreads}, broadcast_kernel<T>, y.numel(), x.data,
           y.data);
  }

  void convert(In<T> x, View<double> y) const override {
    launch({"convert", blocks_for(y.numel()), kThreads}, convert_kernel<T, double>, y.numel(),
           x.data, y.data);
  }

  void copy(In<T> x, View<T> y) const override {
    with_element<T>(x.storage, [&]<class From>(From) {
      with_element<T>(y.storage, [&]<class To>(To) {
        launch({"copy", blocks_for(y.numel()), kThreads}, copy_kernel<From, To>, y.numel(),
               elements<From>(x), elements<To>(y));
      });
    });
  }
};

}  // namespace

template <class F, class T>
const UnaryKernels<F, T>& UnaryKernels<F, T>::cuda() {
  static const CudaUnary<F, T> kernels{};
  return kernels;
}
template <class F, class T>
const BinaryKernels<F, T>& BinaryKernels<F, T>::cuda() {
  static const CudaBinary<F, T> kernels{};
  return kernels;
}
template <class T>
const ElementwiseKernels<T>& ElementwiseKernels<T>::cuda() {
  static const CudaElementwise<T> kernels{};
  return kernels;
}
template const ElementwiseKernels<float>& ElementwiseKernels<float>::cuda();
template const ElementwiseKernels<double>& ElementwiseKernels<double>::cuda();

#define DMF_INSTANTIATE(Kernels, F)                                                \
  template const Kernels<functors::F, float>& Kernels<functors::F, float>::cuda(); \
  template const Kernels<functors::F, double>& Kernels<functors::F, double>::cuda();
#define DMF_UNARY(F) DMF_INSTANTIATE(UnaryKernels, F)
#define DMF_BINARY(F) DMF_INSTANTIATE(BinaryKernels, F)
DMF_UNARY_FUNCTORS(DMF_UNARY)
DMF_BINARY_FUNCTORS(DMF_BINARY)
#undef DMF_BINARY
#undef DMF_UNARY
#undef DMF_INSTANTIATE

}  // namespace dmf
