#include "engine/kernels/conv2d/implicit_gemm/problem.h"

#include <algorithm>

namespace dmf::cuda {
namespace {

GatherAxis forward_axis(Index kernel, int front, Index size) {
  return {.taps = static_cast<int>(kernel), .first = -front, .size = static_cast<int>(size)};
}

/// x[h] received y[i] through tap a where h + front = i * stride + a. Of the taps that fit phase
/// `phase`, a = least + t * stride, and then i = position + (phase + front - least) / stride - t.
GatherAxis data_axis(Index kernel, int stride, int front, Index size, int phase) {
  const int least = ((phase + front) % stride + stride) % stride;
  GatherAxis axis;
  axis.taps = least >= kernel ? 0 : static_cast<int>((kernel - least + stride - 1) / stride);
  axis.first = (phase + front - least) / stride;
  axis.tap_step = -1;
  axis.size = static_cast<int>((size - phase + stride - 1) / stride);
  axis.target_first = phase;
  axis.weight_first = least;
  axis.weight_step = stride;
  return axis;
}

}  // namespace

GatherPhase forward_phase(const Conv2dSpec& spec, const Shape& weight, const Shape& y) {
  return {forward_axis(weight[0], spec.pad.top, y[1]),
          forward_axis(weight[1], spec.pad.left, y[2])};
}

GatherPhase data_phase(const Conv2dSpec& spec, const Shape& weight, const Shape& dx, int h, int w) {
  return {data_axis(weight[0], spec.stride_h, spec.pad.top, dx[1], h),
          data_axis(weight[1], spec.stride_w, spec.pad.left, dx[2], w)};
}

Index parts_of_sum(Index tiles, Index slabs) {
  constexpr Index kBlocks = 264;    // two for each multiprocessor of the largest GPUs
  constexpr Index kLeastSlabs = 8;  // below that the parts' own traffic is more than they save
  const Index wanted = kBlocks / std::max<Index>(tiles, 1);
  return std::clamp<Index>(std::min(wanted, slabs / kLeastSlabs), 1, 1024);
}

}  // namespace dmf::cuda
