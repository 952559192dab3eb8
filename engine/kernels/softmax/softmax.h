#pragma once

#include "engine/tensor/view.h"

namespace dmf {

// Over the last axis, C classes; x and y are [M, C] to these kernels. The maximum is subtracted
// first, so logits of any size give finite results.

namespace ref {
/// y_k = exp(x_k) / sum_j exp(x_j)
template <class T>
void softmax_forward(In<T> x, View<T> y);
/// dx_k = y_k * (dy_k - sum_j dy_j * y_j)
template <class T>
void softmax_backward(In<T> y, In<T> dy, View<T> dx);
/// y_k = x_k - log sum_j exp(x_j)
template <class T>
void log_softmax_forward(In<T> x, View<T> y);
/// dx_k = dy_k - exp(y_k) * sum_j dy_j
template <class T>
void log_softmax_backward(In<T> y, In<T> dy, View<T> dx);
}  // namespace ref

namespace cpu {
template <class T>
void softmax_forward(In<T> x, View<T> y);
template <class T>
void softmax_backward(In<T> y, In<T> dy, View<T> dx);
template <class T>
void log_softmax_forward(In<T> x, View<T> y);
template <class T>
void log_softmax_backward(In<T> y, In<T> dy, View<T> dx);
}  // namespace cpu

namespace cuda {
template <class T>
void softmax_forward(In<T> x, View<T> y);
template <class T>
void softmax_backward(In<T> y, In<T> dy, View<T> dx);
template <class T>
void log_softmax_forward(In<T> x, View<T> y);
template <class T>
void log_softmax_backward(In<T> y, In<T> dy, View<T> dx);
}  // namespace cuda

}  // namespace dmf
