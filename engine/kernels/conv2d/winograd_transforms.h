#pragma once

#include "engine/core/simd.h"

// The one-dimensional transforms of F(4, 3) on vectors of channels, for interpolation points
// 0, 1, -1, 2, -2 and infinity. Applied to the columns and then to the rows of a patch they give
// the two-dimensional ones. Each is written with the fewest operations its symmetry allows:
//
//         [ 4  0 -5  0  1  0 ]        [ 1/4    0     0  ]
//         [ 0 -4 -4  1  1  0 ]        [-1/6  -1/6  -1/6 ]        [ 1  1  1  1  1  0 ]
//   B^T = [ 0  4 -4 -1  1  0 ]    G = [-1/6   1/6  -1/6 ]  A^T = [ 0  1 -1  2 -2  0 ]
//         [ 0 -2 -1  2  1  0 ]        [1/24  1/12   1/6 ]        [ 0  1  1  4  4  0 ]
//         [ 0  2 -1 -2  1  0 ]        [1/24 -1/12   1/6 ]        [ 0  1 -1  8 -8  1 ]
//         [ 0  4  0 -5  0  1 ]        [  0     0     1  ]

namespace dmf::cpu::winograd {

using Vector = Simd<float>::Vector;

/// to = B^T from, 6 -> 6: a patch of the input
inline void input_transform(const Vector* from, int stride, Vector* to, int to_stride) {
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

/// to = A^T from, 6 -> 4: a tile of the output
inline void output_transform(const Vector* from, int stride, Vector* to, int to_stride) {
  const Vector m1 = from[stride], m2 = from[2 * stride], m3 = from[3 * stride];
  const Vector m4 = from[4 * stride];
  const Vector sum = m1 + m2, difference = m1 - m2, sum2 = m3 + m4, difference2 = m3 - m4;
  to[0] = from[0] + sum + sum2;
  to[to_stride] = difference + 2.0f * difference2;
  to[2 * to_stride] = sum + 4.0f * sum2;
  to[3 * to_stride] = difference + 8.0f * difference2 + from[5 * stride];
}

/// to = A from, 4 -> 6: a tile of the output's gradient
inline void output_adjoint(const Vector* from, int stride, Vector* to, int to_stride) {
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

/// to = G from, 3 -> 6: a kernel
inline void weight_transform(const Vector* from, int stride, Vector* to, int to_stride) {
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

/// to = G^T from, 6 -> 3: a kernel's gradient
inline void weight_adjoint(const Vector* from, int stride, Vector* to, int to_stride) {
  const Vector u1 = from[stride], u2 = from[2 * stride], u3 = from[3 * stride];
  const Vector u4 = from[4 * stride];
  const Vector sum = u1 + u2, sum2 = u3 + u4;
  to[0] = 0.25f * from[0] - (1.0f / 6.0f) * sum + (1.0f / 24.0f) * sum2;
  to[to_stride] = (1.0f / 6.0f) * (u2 - u1) + (1.0f / 12.0f) * (u3 - u4);
  to[2 * to_stride] = (1.0f / 6.0f) * (sum2 - sum) + from[5 * stride];
}

}  // namespace dmf::cpu::winograd
