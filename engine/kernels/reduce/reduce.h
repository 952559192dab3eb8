#pragma once

#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

// Sums. Every total is kept in double and, added over chunks of fixed size in their
// order, so it is the same for any number of threads, and from run to run.

namespace ref {
/// y = sum of all elements, of shape [1]
template <class T>
void sum(In<T> x, View<T> y, Workspace& workspace);
/// y[c] = sum over all but the last axis of x[.., c]; the gradient of a bias
template <class T>
void channel_sum(In<T> x, View<T> y, Workspace& workspace);
}  // namespace ref

namespace cpu {
template <class T>
void sum(In<T> x, View<T> y, Workspace& workspace);
template <class T>
void channel_sum(In<T> x, View<T> y, Workspace& workspace);
}  // namespace cpu

namespace cuda {
template <class T>
void sum(In<T> x, View<T> y, Workspace& workspace);
template <class T>
void channel_sum(In<T> x, View<T> y, Workspace& workspace);
}  // namespace cuda

}  // namespace dmf
