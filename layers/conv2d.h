#pragma once

#include <memory>

#include "engine/ops/conv2d.h"
#include "layers/batch_norm2d.h"
#include "layers/init.h"
#include "layers/module.h"

namespace dmf {

/// How many parameters a convolution of either kind has, its bias included.
inline Index conv_parameters(Index kernel, Index in_channels, Index out_channels) {
  return kernel * kernel * in_channels * out_channels + out_channels;
}

/// Convolution with a square kernel; parameters `weight` [K, K, C_in, C_out] and, where it has one,
/// `bias`. Padded by (K - 1) / 2 in front and the rest behind: stride 1 keeps an image's size, stride 2
/// halves an even one.
template <class S>
class Conv2d final : public Module<S> {
 public:
  Conv2d(Index in_channels, Index out_channels, int kernel, Init init, Rng& rng,
         const Compute& compute, int stride = 1, bool bias = true);
  Variable<S> forward(const Variable<S>& x) override;
  /// norm.forward(forward(x)), in one pass where nothing is trained: in evaluation mode and NoGrad.
  Variable<S> forward_normalised(const Variable<S>& x, BatchNorm2d<S>& norm);
  void keep_weights(bool on) override;

 private:
  Conv2dSpec spec_;
  Variable<S> weight_, bias_;
  std::unique_ptr<KeptWeights> kept_;
};

/// Transposed convolution with a square kernel and a bias, Keras's "same": output exactly stride
/// times the input. Parameters `weight` [K, K, C_out, C_in] and `bias` [C_out].
template <class S>
class ConvTranspose2d final : public Module<S> {
 public:
  ConvTranspose2d(Index in_channels, Index out_channels, int kernel, int stride, Init init,
                  Rng& rng, const Compute& compute);
  Variable<S> forward(const Variable<S>& x) override;
  /// norm.forward(forward(x)), in one pass where nothing is trained: in evaluation mode and NoGrad.
  Variable<S> forward_normalised(const Variable<S>& x, BatchNorm2d<S>& norm);
  void keep_weights(bool on) override;

 private:
  Conv2dSpec spec_;
  Variable<S> weight_, bias_;
  std::unique_ptr<KeptWeights> kept_;
};

}  // namespace dmf
