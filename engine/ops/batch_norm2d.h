#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

struct BatchNorm2dSpec {
  double eps = 1e-5;
  double momentum = 0.1;  // weight of the new value in the running ones (Keras's 0.99 is 0.01 here)
  bool training = true;
  bool relu = false;  // clamp the output at zero in the same pass
};

/// Batch normalisation over N, H and W (Ioffe & Szegedy 2015).
///
/// training:   y = gamma * (x - mean) / sqrt(var + eps) + beta with the batch's mean and biased
///             variance; the running values move towards the batch's, the variance unbiased
/// otherwise:  the same with the running values, which stay as they are
///
/// x             [N, H, W, C]
/// gamma, beta   [C]
/// running_*     [C], updated in place when training
/// throws        ShapeError; ValueError when training on a single value a channel (N*H*W = 1)
template <class S>
Variable<S> batch_norm2d(const Variable<S>& x, const Variable<S>& gamma, const Variable<S>& beta,
                         const Tensor<S>& running_mean, const Tensor<S>& running_var,
                         const BatchNorm2dSpec& spec);

/// y = x * scale + shift for each channel, then ReLU where asked: what a batch normalisation is in
/// evaluation mode.
template <class S>
struct ChannelAffine {
  Tensor<S> scale, shift;  // [C]
  bool relu = false;
};

/// What is done to x when a batch normalisation by the running values comes after a bias. Nothing is
/// recorded.
///
/// all tensors  [C], of one device
/// throws       ShapeError where they are not
template <class S>
ChannelAffine<S> fold_batch_norm2d(const Tensor<S>& bias, const Tensor<S>& gamma,
                                   const Tensor<S>& beta, const Tensor<S>& running_mean,
                                   const Tensor<S>& running_var, const BatchNorm2dSpec& spec);

}  // namespace dmf
