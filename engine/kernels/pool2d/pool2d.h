#pragma once

#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

struct Pool2dSpec {
  int kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2;
  Padding pad;  // counts as minus infinity
};

// Largest value of each window, x [N, H, W, C], y [N, OH, OW, C] with conv2d's output size. The
// gradient goes to the first maximum of the window in row-major order, all of it. Which one that
// was is found again from x, which the U-Net keeps anyway for its skip connection: nothing is
// saved.

namespace ref {
template <class T>
void max_pool2d_forward(const Pool2dSpec& spec, In<T> x, View<T> y);
template <class T>
void max_pool2d_backward(const Pool2dSpec& spec, In<T> x, In<T> dy, View<T> dx);
}  // namespace ref

namespace cpu {
template <class T>
void max_pool2d_forward(const Pool2dSpec& spec, In<T> x, View<T> y);
template <class T>
void max_pool2d_backward(const Pool2dSpec& spec, In<T> x, In<T> dy, View<T> dx);
}  // namespace cpu

}  // namespace dmf
