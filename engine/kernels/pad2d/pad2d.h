#pragma once

#include "engine/core/instruction_set.h"
#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

/// A frame of zeros around NHWC images; negative padding crops.
template <class T>
class Pad2dKernels {
 public:
  /// y[n,h,w,c] = x[n, h - top, w - left, c] or 0, y [N, H + top + bottom, W + left + right, C].
  /// The gradient is the same kernel with the padding negated.
  virtual void apply(const Padding& pad, In<T> x, View<T> y) const = 0;

  static const Pad2dKernels& reference();
  template <InstructionSet>
  static const Pad2dKernels& cpu();
  static const Pad2dKernels& cuda();

 protected:
  ~Pad2dKernels() = default;
};

}  // namespace dmf
