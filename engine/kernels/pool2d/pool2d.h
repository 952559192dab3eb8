#pragma once

#include <cstdint>

#include "engine/core/instruction_set.h"
#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

struct Pool2dSpec {
  int kernel_h = 2, kernel_w = 2, stride_h = 2, stride_w = 2;
  Padding pad;  // counts as minus infinity
};

inline constexpr int kLargestPoolWindow = 256;  // places that one byte tells apart

/// Largest value of each window, x [N, H, W, C], y [N, OH, OW, C] with conv2d's output size.
template <class T>
class Pool2dKernels {
 public:
  /// y[n,i,j,c] = the largest x[n,h,w,c] of the window
  /// winners  [N, OH, OW, C] the place in its window of the first maximum in row-major order,
  ///          row * kernel_w + column: one byte for each output is all that the gradient needs, so
  ///          x can be freed. Empty: not asked for.
  virtual void forward(const Pool2dSpec& spec, In<T> x, View<T> y,
                       View<std::uint8_t> winners) const = 0;

  /// dx[winner of o] += dy[o] for every output o, 0 elsewhere
  virtual void backward(const Pool2dSpec& spec, ConstView<std::uint8_t> winners, In<T> dy,
                        View<T> dx) const = 0;

  static const Pool2dKernels& reference();
  template <InstructionSet>
  static const Pool2dKernels& cpu();
  static const Pool2dKernels& cuda();

 protected:
  ~Pool2dKernels() = default;
};

}  // namespace dmf
