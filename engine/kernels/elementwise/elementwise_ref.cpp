#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/elementwise/instantiate.h"

namespace dmf::ref {

template <class F, class T>
void unary_forward(const F& f, In<T> x, View<T> y) {
  for (Index i = 0; i < y.numel(); ++i) y.data[i] = f.forward(x.data[i]);
}

template <class F, class T>
void unary_backward(const F& f, In<T> x, In<T> dy, View<T> dx) {
  for (Index i = 0; i < dx.numel(); ++i) dx.data[i] = f.derivative(x.data[i]) * dy.data[i];
}

template <class F, class T>
void binary_forward(const F& f, In<T> a, In<T> b, View<T> y) {
  for (Index i = 0; i < y.numel(); ++i) y.data[i] = f.forward(a.data[i], b.data[i]);
}

template <class F, class T>
void binary_backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db) {
  for (Index i = 0; i < dy.numel(); ++i) {
    const T x = a.data[i], y = b.data[i], gradient = dy.data[i];
    if (da) da.data[i] = f.derivative_a(x, y) * gradient;
    if (db) db.data[i] = f.derivative_b(x, y) * gradient;
  }
}

template <class T>
void accumulate(In<T> x, View<T> y) {
  for (Index i = 0; i < y.numel(); ++i) y.data[i] += x.data[i];
}

template <class T>
void broadcast(In<T> x, View<T> y) {
  for (Index i = 0; i < y.numel(); ++i) y.data[i] = x.data[0];
}

template <class From, class To>
void convert(In<From> x, View<To> y) {
  for (Index i = 0; i < y.numel(); ++i) y.data[i] = static_cast<To>(x.data[i]);
}

template <class T>
void copy(In<T> x, View<T> y) {
  for (Index i = 0; i < y.numel(); ++i) y.data[i] = x.data[i];
}

DMF_INSTANTIATE_ELEMENTWISE(float)
DMF_INSTANTIATE_ELEMENTWISE(double)

}  // namespace dmf::ref
