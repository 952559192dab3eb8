#pragma once

#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

// Sums. Every total is kept in double and, on the CPU, added over chunks of fixed size in their
// order, so it is the same for any number of threads.

namespace ref {
/// Sum of all elements.
template <class T>
double sum(In<T> x, Workspace& workspace);
/// Sum of the squares of all elements.
template <class T>
double sum_of_squares(In<T> x, Workspace& workspace);
/// y[c] = sum over all but the last axis of x[.., c]; the gradient of a bias
template <class T>
void channel_sum(In<T> x, View<T> y, Workspace& workspace);
}  // namespace ref

namespace cpu {
template <class T>
double sum(In<T> x, Workspace& workspace);
template <class T>
double sum_of_squares(In<T> x, Workspace& workspace);
template <class T>
void channel_sum(In<T> x, View<T> y, Workspace& workspace);
}  // namespace cpu

}  // namespace dmf
