#pragma once

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// Group normalisation: each image's channels in G groups of neighbours, each over all its pixels.
/// x is [N, H, W, C], statistics are [N, G] and double whatever the scalar. Behind it, in the same
/// pass, a leaky ReLU of the given slope: 0 is ReLU's, 1 none. Where it bent, the gradient finds
/// again from x, so that y need not be kept.
template <class T>
class GroupNormKernels {
 public:
  /// mean[n,g] and var[n,g] (biased) of the H * W * C / G values of a group
  virtual void statistics(In<T> x, View<double> mean, View<double> var,
                          Workspace& workspace) const = 0;

  /// z = gamma[c] * (x - mean[n,g]) / sqrt(var[n,g] + eps) + beta[c],  y = z > 0 ? z : slope * z
  virtual void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                       double eps, double slope, View<T> y, Workspace& workspace) const = 0;

  /// Gradients of sum(dy * y); mean and var are functions of x. dx may be empty: then it is not
  /// computed.
  virtual void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                        double eps, double slope, View<T> dx, View<T> dgamma, View<T> dbeta,
                        Workspace& workspace) const = 0;

  static const GroupNormKernels& reference();
  template <InstructionSet>
  static const GroupNormKernels& cpu();
  static const GroupNormKernels& cuda();

 protected:
  ~GroupNormKernels() = default;
};

}  // namespace dmf
