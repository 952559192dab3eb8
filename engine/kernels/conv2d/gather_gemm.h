#pragma once

#include <vector>

#include "engine/kernels/conv2d/kept_weights.h"
#include "engine/kernels/conv2d/register_block.h"
#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf::cpu {

// The matrix product behind a convolution and its data gradient, without an im2col buffer.
//
// Both passes have one form: every output pixel is a sum over taps, and tap t multiplies one source
// pixel (a contiguous run of `depth` channels in NHWC) by a [depth, channels] matrix. For kRows
// output pixels at a time the addresses of their source pixels are gathered into a small table
// (zero padding points at a run of zeros), and the register block
//
//   acc[kRows][kPanel] += source[t][row][k] * weight[t][k][kPanel]
//
// (register_block.h) runs over all t and k without storing.
// (Reading pixels through a table of addresses: Dukhan, "The indirect convolution algorithm",
// 2019.)

/// One tap of a pass: where its source pixel lies for the pass's pixel (0, 0), and which of the
/// packed matrices it multiplies.
struct Tap {
  Index row, col;
  Index matrix;
};

/// The pixels u = 0..rows-1, v = 0..cols-1 of every image. Source pixel of tap t:
/// (t.row + u * source_step_h, t.col + v * source_step_w); zero outside the source image.
/// Target pixel: (target_row + u * target_step_h, target_col + v * target_step_w).
struct GatherPass {
  Index rows, cols;
  Index source_step_h, source_step_w;
  Index target_row, target_col, target_step_h, target_step_w;
  std::vector<Tap> taps;
};

/// Matrices in the order the register block reads them: [panel][matrix][depth][kPanel], the last
/// panel padded with zeros.
template <class T>
struct PackedMatrices {
  const T* data;
  Index matrices, depth, channels;
};

/// weight  [KH, KW, depth, channels], or with `transposed` [KH, KW, channels, depth]
/// kept    where they are kept from call to call, or null
template <class T>
PackedMatrices<T> pack_matrices(In<T> weight, bool transposed, KeptWeights* kept,
                                Workspace& workspace);

/// Runs the pass: target = epilogue(sum over taps). source [N, SH, SW, depth], target [N, TH, TW,
/// channels].
///
/// Parallel over blocks of output pixels; each is summed by one thread in the order of taps and
/// channels, so the result does not depend on the number of threads.
template <class T>
void gather_gemm(const GatherPass& pass, In<T> source, const PackedMatrices<T>& weight,
                 InEpilogue<T> epilogue, View<T> target, Workspace& workspace);

}  // namespace dmf::cpu
