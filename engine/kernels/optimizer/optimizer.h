#pragma once

#include "engine/tensor/view.h"

namespace dmf {

/// One step of Adam on one tensor. `step` counts from 1.
struct AdamStep {
  double lr, beta1, beta2, eps;
  double weight_decay;
  bool decoupled;  // AdamW: the decay shrinks the parameter and stays out of the moments
  std::int64_t step;
};

/// One step of stochastic gradient descent on one tensor.
struct SgdStep {
  double lr, momentum, weight_decay;
  bool nesterov;
  bool first;  // the velocity starts as the gradient itself
};

namespace ref {
/// param, m and v are updated in place (Kingma & Ba 2015; decoupled: Loshchilov & Hutter 2019).
template <class T>
void adam_step(const AdamStep& step, In<T> grad, View<T> param, View<T> m, View<T> v);
/// velocity = momentum * velocity + grad; param -= lr * (nesterov ? grad + momentum * velocity :
/// velocity)
template <class T>
void sgd_step(const SgdStep& step, In<T> grad, View<T> param, View<T> velocity);
/// average = decay * average + (1 - decay) * x
template <class T>
void moving_average(double decay, In<T> x, View<T> average);
/// x *= factor
template <class T>
void scale(double factor, View<T> x);
}  // namespace ref

namespace cpu {
template <class T>
void adam_step(const AdamStep& step, In<T> grad, View<T> param, View<T> m, View<T> v);
template <class T>
void sgd_step(const SgdStep& step, In<T> grad, View<T> param, View<T> velocity);
template <class T>
void moving_average(double decay, In<T> x, View<T> average);
template <class T>
void scale(double factor, View<T> x);
}  // namespace cpu

}  // namespace dmf
