#pragma once

#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

// A frame of zeros around NHWC images; negative padding crops. y [N, H + top + bottom, W + left +
// right, C], y[n,h,w,c] = x[n, h - top, w - left, c] or 0. The gradient is the same kernel with the
// padding negated.

namespace ref {
template <class T>
void pad2d(const Padding& pad, In<T> x, View<T> y);
}
namespace cpu {
template <class T>
void pad2d(const Padding& pad, In<T> x, View<T> y);
}

namespace cuda {
template <class T>
void pad2d(const Padding& pad, In<T> x, View<T> y);
}

}  // namespace dmf
