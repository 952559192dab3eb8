#pragma once

#include "engine/kernels/conv2d/conv2d.h"

// A convolution as matrix products, for the CUDA backend. Its passes are of two kinds.
//
// Gather (forward, and data gradient): each pixel of the target sums over taps of pixels of the
// source that lie around it,
//
//   target[m, n] = sum_k source_at(m, k) * weight[k, n],   m = (image, row, column), k = (tap, c)
//
// where source_at finds the pixel of tap `t` at (row * source_step + first + t * tap_step), zero
// outside the image. With a stride, the data gradient falls into phases (conv2d_cpu.cpp), each of
// them such a product with taps, rows and columns of its own.
//
// Weight gradient: dweight[k, n] = sum_m source_at(m, k) * dy[m, n], a long sum over pixels, cut
// into parts that are added in order.
//
// No matrix of source_at is ever stored: tiles of it are gathered from the image on their way into
// shared memory.

namespace dmf::cuda {

/// One axis of a gather: source = target * source_step + first + tap * tap_step, tap in [0, taps).
struct GatherAxis {
  int taps = 0;
  int first = 0;
  int tap_step = 1;
  int size = 0;          // positions on this axis that are computed
  int target_first = 0;  // where the first of them lies in the target
  int weight_first = 0;  // the kernel's tap that tap 0 is
  int weight_step = 1;   // and how many further each following one
};

/// One product: all taps that pixels of one phase meet.
struct GatherPhase {
  GatherAxis h, w;
};

struct GatherProblem {
  int images = 0;
  int source_h = 0, source_w = 0;
  Index source_c = 0;
  int target_h = 0, target_w = 0;
  Index target_c = 0;
  int source_step_h = 1, source_step_w = 1;  // between neighbouring positions
  int target_step_h = 1, target_step_w = 1;
};

/// The phase of a forward pass: there is one.
GatherPhase forward_phase(const Conv2dSpec& spec, const Shape& weight, const Shape& y);

/// The phase of the pixels of dx with (h mod stride_h, w mod stride_w) = (h, w). No taps: such
/// pixels took part in nothing.
GatherPhase data_phase(const Conv2dSpec& spec, const Shape& weight, const Shape& dx, int h, int w);

/// Into how many parts the sum over k is cut, so that `tiles` blocks become enough to fill a GPU.
/// It depends on nothing else, so results are the same on every GPU.
Index parts_of_sum(Index tiles, Index slabs);

}  // namespace dmf::cuda
