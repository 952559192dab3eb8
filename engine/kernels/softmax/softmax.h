#pragma once

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"

namespace dmf {

/// Over the last axis, C classes; x and y are [M, C] to these kernels. The maximum is subtracted
/// first, so logits of any size give finite results.
template <class T>
class SoftmaxKernels {
 public:
  /// y_k = exp(x_k) / sum_j exp(x_j)
  virtual void forward(In<T> x, View<T> y) const = 0;
  /// dx_k = y_k * (dy_k - sum_j dy_j * y_j)
  virtual void backward(In<T> y, In<T> dy, View<T> dx) const = 0;

  /// y_k = x_k - log sum_j exp(x_j)
  virtual void log_forward(In<T> x, View<T> y) const = 0;
  /// dx_k = dy_k - exp(y_k) * sum_j dy_j
  virtual void log_backward(In<T> y, In<T> dy, View<T> dx) const = 0;

  static const SoftmaxKernels& reference();
  template <InstructionSet>
  static const SoftmaxKernels& cpu();
  static const SoftmaxKernels& cuda();

 protected:
  ~SoftmaxKernels() = default;
};

}  // namespace dmf
