#pragma once

#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

// Batch normalisation over all but the last axis: x is [M, C] to these kernels, M = N*H*W.
// Statistics are double whatever the scalar, since a mean over a large batch needs the digits.
// With `relu` the kernels clamp the output at zero in the same pass, and mask dy where y is zero;
// where that is, the gradient finds again from x, so that y need not be kept.

namespace ref {

/// mean[c] = sum x / M,  var[c] = sum (x - mean)^2 / M  (biased)
template <class T>
void batch_norm_statistics(In<T> x, View<double> mean, View<double> var, Workspace& workspace);

/// y = gamma * (x - mean) / sqrt(var + eps) + beta
template <class T>
void batch_norm_forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                        double eps, bool relu, View<T> y, Workspace& workspace);

/// Gradients of sum(dy * y). With `through_statistics` mean and var are functions of x (training),
/// else constants (evaluation). `beta` is read only with relu. dx may be empty: then it is not
/// computed.
template <class T>
void batch_norm_backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma,
                         In<T> beta, double eps, bool relu, bool through_statistics, View<T> dx,
                         View<T> dgamma, View<T> dbeta, Workspace& workspace);

/// running = (1 - momentum) * running + momentum * batch, for the mean and for the variance, which
/// is multiplied by `correction` first
template <class T>
void update_running(double momentum, double correction, In<double> mean, In<double> var,
                    View<T> running_mean, View<T> running_var);

/// What a convolution's bias and the normalisation after it come to in evaluation mode, y = x *
/// scale + shift: scale = gamma / sqrt(running_var + eps), shift = beta + (bias - running_mean) *
/// scale. All [C].
template <class T>
void fold_batch_norm(In<T> bias, In<T> gamma, In<T> beta, In<T> running_mean, In<T> running_var,
                     double eps, View<T> scale, View<T> shift);

}  // namespace ref

namespace cpu {

template <class T>
void batch_norm_statistics(In<T> x, View<double> mean, View<double> var, Workspace& workspace);
template <class T>
void batch_norm_forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                        double eps, bool relu, View<T> y, Workspace& workspace);
template <class T>
void batch_norm_backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma,
                         In<T> beta, double eps, bool relu, bool through_statistics, View<T> dx,
                         View<T> dgamma, View<T> dbeta, Workspace& workspace);
template <class T>
void update_running(double momentum, double correction, In<double> mean, In<double> var,
                    View<T> running_mean, View<T> running_var);
template <class T>
void fold_batch_norm(In<T> bias, In<T> gamma, In<T> beta, In<T> running_mean, In<T> running_var,
                     double eps, View<T> scale, View<T> shift);

}  // namespace cpu

namespace cuda {

template <class T>
void batch_norm_statistics(In<T> x, View<double> mean, View<double> var, Workspace& workspace);
template <class T>
void batch_norm_forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                        double eps, bool relu, View<T> y, Workspace& workspace);
template <class T>
void batch_norm_backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma,
                         In<T> beta, double eps, bool relu, bool through_statistics, View<T> dx,
                         View<T> dgamma, View<T> dbeta, Workspace& workspace);
template <class T>
void update_running(double momentum, double correction, In<double> mean, In<double> var,
                    View<T> running_mean, View<T> running_var);
template <class T>
void fold_batch_norm(In<T> bias, In<T> gamma, In<T> beta, In<T> running_mean, In<T> running_var,
                     double eps, View<T> scale, View<T> shift);

}  // namespace cuda
}  // namespace dmf
