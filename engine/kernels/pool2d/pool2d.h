#pragma once

#include <cstdint>

#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

struct Pool2dSpec {
  int kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2;
  Padding pad;  // counts as minus infinity
};

inline constexpr int kLargestPoolWindow = 256;  // places that one byte tells apart

// Largest value of each window, x [N, H, W, C], y [N, OH, OW, C] with conv2d's output size. The
// gradient goes to the first maximum of the window in row-major order, all of it.
//
// winners  [N, OH, OW, C] that maximum's place in its window, row * kernel_w + column: one byte for
//          each output is all that the gradient needs, so x can be freed. Empty: not asked for.

namespace ref {
template <class T>
void max_pool2d_forward(const Pool2dSpec& spec, In<T> x, View<T> y, View<std::uint8_t> winners);
template <class T>
void max_pool2d_backward(const Pool2dSpec& spec, ConstView<std::uint8_t> winners, In<T> dy,
                         View<T> dx);
}  // namespace ref

namespace cpu {
template <class T>
void max_pool2d_forward(const Pool2dSpec& spec, In<T> x, View<T> y, View<std::uint8_t> winners);
template <class T>
void max_pool2d_backward(const Pool2dSpec& spec, ConstView<std::uint8_t> winners, In<T> dy,
                         View<T> dx);
}  // namespace cpu

namespace cuda {
template <class T>
void max_pool2d_forward(const Pool2dSpec& spec, In<T> x, View<T> y, View<std::uint8_t> winners);
template <class T>
void max_pool2d_backward(const Pool2dSpec& spec, ConstView<std::uint8_t> winners, In<T> dy,
                         View<T> dx);
}  // namespace cuda

}  // namespace dmf
