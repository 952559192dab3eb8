#pragma once

#include "engine/core/instruction_set.h"
#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {

/// A convolution of each channel by a kernel of its own: x [N, H, W, C], weight [KH, KW, 1, C], y
/// [N, OH, OW, C] of conv2d's sizes. Every kernel assigns its result.
template <class T>
class DepthwiseConv2dKernels {
 public:
  /// y[n,i,j,c] = bias[c] + sum_{a,b} x[n, i*stride_h - top + a, j*stride_w - left + b, c] *
  ///                                  weight[a,b,0,c]
  /// with zeros outside the image; an empty bias stands for zeros
  virtual void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, In<T> bias, View<T> y,
                       Workspace& workspace) const = 0;

  /// dx[n,h,w,c] = the sum of dy * weight over every y that x[n,h,w,c] took part in
  virtual void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, View<T> dx,
                             Workspace& workspace) const = 0;

  /// dweight[a,b,0,c] =
  ///     sum_{n,i,j} x[n, i*stride_h - top + a, j*stride_w - left + b, c] * dy[n,i,j,c]
  virtual void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                               Workspace& workspace) const = 0;

  static const DepthwiseConv2dKernels& reference();
  template <InstructionSet>
  static const DepthwiseConv2dKernels& cpu();
  static const DepthwiseConv2dKernels& cuda();

 protected:
  ~DepthwiseConv2dKernels() = default;
};

}  // namespace dmf
