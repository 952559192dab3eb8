#pragma once

#include "engine/kernels/elementwise/functors.h"
#include "engine/tensor/view.h"

namespace dmf {

// One functor (functors.h) over every element. Operands have equal counts. Outputs may be inputs.

namespace ref {
/// y = f(x)
template <class F, class T>
void unary_forward(const F& f, In<T> x, View<T> y);
/// dx = f'(x) * dy
template <class F, class T>
void unary_backward(const F& f, In<T> x, In<T> dy, View<T> dx);
/// y = f(a, b)
template <class F, class T>
void binary_forward(const F& f, In<T> a, In<T> b, View<T> y);
/// da = df/da * dy, db = df/db * dy; either may be empty
template <class F, class T>
void binary_backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db);
/// y += x
template <class T>
void accumulate(In<T> x, View<T> y);
/// every element of y = the one of x
template <class T>
void broadcast(In<T> x, View<T> y);
/// y = x, in another scalar type
template <class From, class To>
void convert(In<From> x, View<To> y);
/// y = x, whichever way either is stored
template <class T>
void copy(In<T> x, View<T> y);
}  // namespace ref

namespace cpu {
template <class F, class T>
void unary_forward(const F& f, In<T> x, View<T> y);
template <class F, class T>
void unary_backward(const F& f, In<T> x, In<T> dy, View<T> dx);
template <class F, class T>
void binary_forward(const F& f, In<T> a, In<T> b, View<T> y);
template <class F, class T>
void binary_backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db);
template <class T>
void accumulate(In<T> x, View<T> y);
template <class T>
void broadcast(In<T> x, View<T> y);
template <class From, class To>
void convert(In<From> x, View<To> y);
template <class T>
void copy(In<T> x, View<T> y);
}  // namespace cpu

namespace cuda {
template <class F, class T>
void unary_forward(const F& f, In<T> x, View<T> y);
template <class F, class T>
void unary_backward(const F& f, In<T> x, In<T> dy, View<T> dx);
template <class F, class T>
void binary_forward(const F& f, In<T> a, In<T> b, View<T> y);
template <class F, class T>
void binary_backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db);
template <class T>
void accumulate(In<T> x, View<T> y);
template <class T>
void broadcast(In<T> x, View<T> y);
template <class From, class To>
void convert(In<From> x, View<To> y);
template <class T>
void copy(In<T> x, View<T> y);
}  // namespace cuda

}  // namespace dmf
