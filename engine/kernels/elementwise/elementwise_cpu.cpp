#include <algorithm>

#include "engine/core/eigen.h"
#include "engine/core/parallel.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/elementwise/instantiate.h"

namespace dmf::cpu {
namespace {

constexpr Index kGrain = 1 << 15;  // elements of a chunk: some 10 microseconds of memory traffic

}  // namespace

template <class F, class T>
void unary_forward(const F& f, In<T> x, View<T> y) {
  parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y.data[i] = f.forward(x.data[i]);
  });
}

template <class F, class T>
void unary_backward(const F& f, In<T> x, In<T> dy, View<T> dx) {
  parallel_chunks(dx.numel(), kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) dx.data[i] = f.derivative(x.data[i]) * dy.data[i];
  });
}

template <class F, class T>
void binary_forward(const F& f, In<T> a, In<T> b, View<T> y) {
  parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y.data[i] = f.forward(a.data[i], b.data[i]);
  });
}

template <class F, class T>
void binary_backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db) {
  parallel_chunks(dy.numel(), kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const T x = a.data[i], y = b.data[i], gradient = dy.data[i];
      if (da) da.data[i] = f.derivative_a(x, y) * gradient;
      if (db) db.data[i] = f.derivative_b(x, y) * gradient;
    }
  });
}

template <class T>
void accumulate(In<T> x, View<T> y) {
  parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
    as_array(y.data + begin, end - begin) += as_array(x.data + begin, end - begin);
  });
}

template <class T>
void broadcast(In<T> x, View<T> y) {
  parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
    as_array(y.data + begin, end - begin) = x.data[0];
  });
}

template <class From, class To>
void convert(In<From> x, View<To> y) {
  parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y.data[i] = static_cast<To>(x.data[i]);
  });
}

template <class T>
void copy(In<T> x, View<T> y) {
  parallel_chunks(y.numel(), kGrain, [&](Index begin, Index end) {
    std::copy(x.data + begin, x.data + end, y.data + begin);
  });
}

DMF_INSTANTIATE_ELEMENTWISE(float)
DMF_INSTANTIATE_ELEMENTWISE(double)

}  // namespace dmf::cpu
