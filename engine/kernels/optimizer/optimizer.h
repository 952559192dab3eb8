#pragma once

#include <span>

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// Adam's constants (Kingma & Ba 2015).
struct AdamSpec {
  double beta1, beta2, eps;
  double weight_decay;
  bool decoupled;  // AdamW (Loshchilov & Hutter 2019): the decay stays out of the moments
};

template <class T>
struct AdamTensors {
  ConstView<T> grad;
  View<T> param, m, v;
};

/// Constants of stochastic gradient descent.
struct SgdSpec {
  double momentum, weight_decay;
  bool nesterov;
};

template <class T>
struct SgdTensors {
  ConstView<T> grad;
  View<T> param, velocity;
};

/// What brings gradients of norm `norm` to max_norm at most; not finite where the norm is not.
constexpr double clip_factor(double norm, double max_norm) {
  return norm > max_norm ? max_norm / norm * (norm / norm) : norm * 0.0 + 1.0;
}

/// Optimisers take all parameters of a network in one call. What changes from step to step comes in
/// small tensors, so that a recorded step can be done again with other values:
///
/// schedule  [2] learning rate, and the number of the step, counted from 1
/// norm      [2] norm of all gradients together, and the factor that every gradient is multiplied
///           by. A factor that is not finite stands for gradients that are not: then nothing
///           changes.
template <class T>
class OptimizerKernels {
 public:
  /// norm = {n, min(1, max_norm / n)}, n the Euclidean norm of all gradients together
  virtual void gradient_norm(std::span<const ConstView<T>> gradients, double max_norm,
                             View<double> norm, Workspace& workspace) const = 0;

  /// param, m and v are updated in place.
  virtual void adam_step(const AdamSpec& spec, In<double> schedule, In<double> norm,
                         std::span<const AdamTensors<T>> tensors, Workspace& workspace) const = 0;

  /// velocity = momentum * velocity + grad, grad itself at step 1; param -= lr * (nesterov ? grad +
  /// momentum * velocity : velocity)
  virtual void sgd_step(const SgdSpec& spec, In<double> schedule, In<double> norm,
                        std::span<const SgdTensors<T>> tensors, Workspace& workspace) const = 0;

  /// average = decay * average + (1 - decay) * x
  virtual void moving_average(double decay, In<T> x, View<T> average) const = 0;

  static const OptimizerKernels& reference();
  template <InstructionSet>
  static const OptimizerKernels& cpu();
  static const OptimizerKernels& cuda();

 protected:
  ~OptimizerKernels() = default;
};

}  // namespace dmf
