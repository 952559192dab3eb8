#pragma once

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// Batch normalisation over all but the last axis: x is [M, C] to these kernels, M = N*H*W.
/// Statistics are double whatever the scalar, since a mean over a large batch needs the digits.
/// With `relu` the kernels clamp the output at zero in the same pass, and mask dy where y is zero;
/// where that is, the gradient finds again from x, so that y need not be kept.
template <class T>
class BatchNormKernels {
 public:
  /// mean[c] = sum x / M,  var[c] = sum (x - mean)^2 / M  (biased)
  virtual void statistics(In<T> x, View<double> mean, View<double> var,
                          Workspace& workspace) const = 0;

  /// y = gamma * (x - mean) / sqrt(var + eps) + beta
  virtual void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                       double eps, bool relu, View<T> y, Workspace& workspace) const = 0;

  /// Gradients of sum(dy * y). With `through_statistics` mean and var are functions of x, as in
  /// training, else constants, as in evaluation. `beta` is read only with relu. dx may be empty:
  /// then it is not computed.
  virtual void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                        double eps, bool relu, bool through_statistics, View<T> dx, View<T> dgamma,
                        View<T> dbeta, Workspace& workspace) const = 0;

  /// running = (1 - momentum) * running + momentum * batch, for the mean and for the variance,
  /// which is multiplied by `correction` first
  virtual void update_running(double momentum, double correction, In<double> mean, In<double> var,
                              View<T> running_mean, View<T> running_var) const = 0;

  /// What a convolution's bias and the normalisation after it come to in evaluation mode, y = x *
  /// scale + shift: scale = gamma / sqrt(running_var + eps), shift = beta + (bias - running_mean) *
  /// scale. All [C].
  virtual void fold(In<T> bias, In<T> gamma, In<T> beta, In<T> running_mean, In<T> running_var,
                    double eps, View<T> scale, View<T> shift) const = 0;

  static const BatchNormKernels& reference();
  template <InstructionSet>
  static const BatchNormKernels& cpu();
  static const BatchNormKernels& cuda();

 protected:
  ~BatchNormKernels() = default;
};

}  // namespace dmf
