#pragma once

#include <cstddef>

#include "engine/core/simd.h"

// The one-dimensional schemes of winograd.cpp, on vectors of channels. Applied to the columns and
// then to the rows of a patch each gives its two-dimensional one. A scheme has
//
//   kPatch      source pixels that a tile reads           kStep   source pixels between two tiles
//   kTile       target pixels that a tile writes
//   kElements   products, each with one of kMatrices kernels: matrix_of(element)
//
//   source          kPatch -> kElements                   kernel          3 -> kMatrices
//   target          kElements -> kTile                    kernel_adjoint  kMatrices -> 3
//   target_adjoint  kTile -> kElements
//
// and is written with the fewest operations that the symmetry of its matrices allows.

namespace dmf::cpu::winograd {

using Vector = Simd<float>::Vector;

/// F(4, 3): four outputs of a stride-1 kernel of three taps in six products, by interpolation at
/// 0, 1, -1, 2, -2 and infinity.
///
///         [ 4  0 -5  0  1  0 ]        [ 1/4    0     0  ]
///         [ 0 -4 -4  1  1  0 ]        [-1/6  -1/6  -1/6 ]        [ 1  1  1  1  1  0 ]
///   B^T = [ 0  4 -4 -1  1  0 ]    G = [-1/6   1/6  -1/6 ]  A^T = [ 0  1 -1  2 -2  0 ]
///         [ 0 -2 -1  2  1  0 ]        [1/24  1/12   1/6 ]        [ 0  1  1  4  4  0 ]
///         [ 0  2 -1 -2  1  0 ]        [1/24 -1/12   1/6 ]        [ 0  1 -1  8 -8  1 ]
///         [ 0  4  0 -5  0  1 ]        [  0     0     1  ]
struct Stride1 {
  static constexpr int kPatch = 6, kStep = 4, kTile = 4, kElements = 6, kMatrices = 6;
  static constexpr int matrix_of(int element) { return element; }

  static void source(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    const Vector d0 = from[0], d1 = from[stride], d2 = from[2 * stride];
    const Vector d3 = from[3 * stride], d4 = from[4 * stride], d5 = from[5 * stride];
    const Vector even = d4 - 4.0f * d2, odd = d3 - 4.0f * d1;
    const Vector even2 = d4 - d2, odd2 = 2.0f * (d3 - d1);
    to[0] = 4.0f * d0 - 5.0f * d2 + d4;
    to[to_stride] = even + odd;
    to[2 * to_stride] = even - odd;
    to[3 * to_stride] = even2 + odd2;
    to[4 * to_stride] = even2 - odd2;
    to[5 * to_stride] = 4.0f * d1 - 5.0f * d3 + d5;
  }

  static void target(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    const Vector m1 = from[stride], m2 = from[2 * stride], m3 = from[3 * stride];
    const Vector m4 = from[4 * stride];
    const Vector sum = m1 + m2, difference = m1 - m2, sum2 = m3 + m4, difference2 = m3 - m4;
    to[0] = from[0] + sum + sum2;
    to[to_stride] = difference + 2.0f * difference2;
    to[2 * to_stride] = sum + 4.0f * sum2;
    to[3 * to_stride] = difference + 8.0f * difference2 + from[5 * stride];
  }

  static void target_adjoint(const Vector* from, std::ptrdiff_t stride, Vector* to,
                             std::ptrdiff_t to_stride) {
    const Vector y0 = from[0], y1 = from[stride], y2 = from[2 * stride], y3 = from[3 * stride];
    const Vector even = y0 + y2, odd = y1 + y3;
    const Vector even2 = y0 + 4.0f * y2, odd2 = 2.0f * y1 + 8.0f * y3;
    to[0] = y0;
    to[to_stride] = even + odd;
    to[2 * to_stride] = even - odd;
    to[3 * to_stride] = even2 + odd2;
    to[4 * to_stride] = even2 - odd2;
    to[5 * to_stride] = y3;
  }

  static void kernel(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    const Vector g0 = from[0], g1 = from[stride], g2 = from[2 * stride];
    const Vector sum = (-1.0f / 6.0f) * (g0 + g2), middle = (1.0f / 6.0f) * g1;
    const Vector sum2 = (1.0f / 24.0f) * g0 + (1.0f / 6.0f) * g2, middle2 = (1.0f / 12.0f) * g1;
    to[0] = 0.25f * g0;
    to[to_stride] = sum - middle;
    to[2 * to_stride] = sum + middle;
    to[3 * to_stride] = sum2 + middle2;
    to[4 * to_stride] = sum2 - middle2;
    to[5 * to_stride] = g2;
  }

  static void kernel_adjoint(const Vector* from, std::ptrdiff_t stride, Vector* to,
                             std::ptrdiff_t to_stride) {
    const Vector u1 = from[stride], u2 = from[2 * stride], u3 = from[3 * stride];
    const Vector u4 = from[4 * stride];
    const Vector sum = u1 + u2, sum2 = u3 + u4;
    to[0] = 0.25f * from[0] - (1.0f / 6.0f) * sum + (1.0f / 24.0f) * sum2;
    to[to_stride] = (1.0f / 6.0f) * (u2 - u1) + (1.0f / 12.0f) * (u3 - u4);
    to[2 * to_stride] = (1.0f / 6.0f) * (sum2 - sum) + from[5 * stride];
  }
};

/// F(4, 2): four outputs of a kernel of two taps in five products, at 0, 1, -1, 2 and infinity. The
/// kernel's end taps are such a pair in both stride-2 schemes.
///
///         [ 2 -1 -2  1  0 ]        [ 1/2    0  ]
///         [ 0 -2 -1  1  0 ]        [-1/2  -1/2 ]        [ 1  1  1  1  0 ]
///   B^T = [ 0  2 -3  1  0 ]    G = [-1/6   1/6 ]  A^T = [ 0  1 -1  2  0 ]
///         [ 0 -1  0  1  0 ]        [ 1/6   1/3 ]        [ 0  1  1  4  0 ]
///         [ 0  2 -1 -2  1 ]        [  0     1  ]        [ 0  1 -1  8  1 ]
struct TwoTaps {
  static void source(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    const Vector d0 = from[0], d1 = from[stride], d2 = from[2 * stride];
    const Vector d3 = from[3 * stride], d4 = from[4 * stride];
    const Vector tail = d3 - d2;
    to[0] = 2.0f * (d0 - d2) + (d3 - d1);
    to[to_stride] = tail - 2.0f * d1;
    to[2 * to_stride] = tail + 2.0f * (d1 - d2);
    to[3 * to_stride] = d3 - d1;
    to[4 * to_stride] = 2.0f * (d1 - d3) + (d4 - d2);
  }
};

/// What both stride-2 schemes share. A three-tap kernel of stride 2 meets every second pixel of its
/// fine side with its two end taps, the pixels between with its middle tap. The first are F(4, 2);
/// the second are four products with one and the same kernel, number 5.
struct Stride2 {
  static constexpr int kElements = 9, kMatrices = 6;
  static constexpr int matrix_of(int element) { return element < 5 ? element : 5; }

  static void kernel(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    const Vector g0 = from[0], g1 = from[2 * stride];
    to[0] = 0.5f * g0;
    to[to_stride] = -0.5f * (g0 + g1);
    to[2 * to_stride] = (1.0f / 6.0f) * (g1 - g0);
    to[3 * to_stride] = (1.0f / 6.0f) * g0 + (1.0f / 3.0f) * g1;
    to[4 * to_stride] = g1;
    to[5 * to_stride] = from[stride];
  }
};

/// Convolution of stride 2: coarse from fine. y[i] = g0 x[2i] + g1 x[2i + 2] + middle x[2i + 1].
struct Downscale : Stride2 {
  static constexpr int kPatch = 9, kStep = 8, kTile = 4;

  static void source(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    TwoTaps::source(from, 2 * stride, to, to_stride);
    for (int i = 0; i < 4; ++i) to[(5 + i) * to_stride] = from[(2 * i + 1) * stride];
  }

  static void target(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    const Vector m1 = from[stride], m2 = from[2 * stride], m3 = from[3 * stride];
    const Vector sum = m1 + m2, difference = m1 - m2;
    to[0] = from[0] + sum + m3 + from[5 * stride];
    to[to_stride] = difference + 2.0f * m3 + from[6 * stride];
    to[2 * to_stride] = sum + 4.0f * m3 + from[7 * stride];
    to[3 * to_stride] = difference + 8.0f * m3 + from[4 * stride] + from[8 * stride];
  }

  static void target_adjoint(const Vector* from, std::ptrdiff_t stride, Vector* to,
                             std::ptrdiff_t to_stride) {
    const Vector y0 = from[0], y1 = from[stride], y2 = from[2 * stride], y3 = from[3 * stride];
    to[0] = y0;
    to[to_stride] = (y0 + y2) + (y1 + y3);
    to[2 * to_stride] = (y0 + y2) - (y1 + y3);
    to[3 * to_stride] = (y0 + 4.0f * y2) + 2.0f * (y1 + 4.0f * y3);
    to[4 * to_stride] = y3;
    for (int i = 0; i < 4; ++i) to[(5 + i) * to_stride] = from[i * stride];
  }

  static void kernel_adjoint(const Vector* from, std::ptrdiff_t stride, Vector* to,
                             std::ptrdiff_t to_stride) {
    const Vector u1 = from[stride], u2 = from[2 * stride], u3 = from[3 * stride];
    to[0] = 0.5f * (from[0] - u1) + (1.0f / 6.0f) * (u3 - u2);
    to[to_stride] = from[5 * stride];
    to[2 * to_stride] = -0.5f * u1 + (1.0f / 6.0f) * u2 + (1.0f / 3.0f) * u3 + from[4 * stride];
  }
};

/// Its adjoint, fine from coarse: y[2u] = g0 x[u - 1] + g1 x[u], y[2u + 1] = middle x[u]; the patch
/// begins at x[u - 1].
struct Upscale : Stride2 {
  static constexpr int kPatch = 5, kStep = 4, kTile = 8;

  static void source(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    TwoTaps::source(from, stride, to, to_stride);
    for (int i = 0; i < 4; ++i) to[(5 + i) * to_stride] = from[(1 + i) * stride];
  }

  static void target(const Vector* from, std::ptrdiff_t stride, Vector* to,
                     std::ptrdiff_t to_stride) {
    const Vector m1 = from[stride], m2 = from[2 * stride], m3 = from[3 * stride];
    const Vector sum = m1 + m2, difference = m1 - m2;
    to[0] = from[0] + sum + m3;
    to[2 * to_stride] = difference + 2.0f * m3;
    to[4 * to_stride] = sum + 4.0f * m3;
    to[6 * to_stride] = difference + 8.0f * m3 + from[4 * stride];
    for (int i = 0; i < 4; ++i) to[(2 * i + 1) * to_stride] = from[(5 + i) * stride];
  }
};

}  // namespace dmf::cpu::winograd
