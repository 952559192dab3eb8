#pragma once

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"

namespace dmf {

/// Images made twice as large by linear interpolation along both axes, x [N, H, W, C], y [N, 2H, 2W,
/// C], by half-pixel centres: place i of y lies at (i + 1/2) / 2 - 1/2 of x, at the border's centre
/// where that is outside. So y[2k] = 1/4 x[k-1] + 3/4 x[k] and y[2k+1] = 3/4 x[k] + 1/4 x[k+1] along an
/// axis. (PyTorch's align_corners=False, ONNX's half_pixel.)
template <class T>
class Upsample2dKernels {
 public:
  virtual void forward(In<T> x, View<T> y) const = 0;
  /// dx of sum(dy * y)
  virtual void backward(In<T> dy, View<T> dx) const = 0;

  static const Upsample2dKernels& reference();
  template <InstructionSet>
  static const Upsample2dKernels& cpu();
  static const Upsample2dKernels& cuda();

 protected:
  ~Upsample2dKernels() = default;
};

}  // namespace dmf
