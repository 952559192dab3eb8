#include "layers/conv2d.h"

#include <algorithm>

namespace dmf {
namespace {

/// Weights that are being trained change from pass to pass.
Conv2dSpec with_kept(Conv2dSpec spec, const std::unique_ptr<KeptWeights>& kept) {
  if (!GradMode::enabled()) spec.kept = kept.get();
  return spec;
}

}  // namespace

template <class S>
Conv2d<S>::Conv2d(Index in_channels, Index out_channels, int kernel, Init init, Rng& rng,
                  const Compute& compute, int stride, bool bias)
    : Module<S>(compute.device) {
  spec_.precision = compute.precision;
  spec_.stride_h = spec_.stride_w = stride;
  const int front = (kernel - 1) / 2, behind = kernel - 1 - front;
  spec_.pad = {front, front, behind, behind};
  const Index area = Index{kernel} * kernel;
  weight_ = this->add_parameter(
      "weight", initial_weight<S>(init, Shape{kernel, kernel, in_channels, out_channels},
                                  area * in_channels, area * out_channels, rng));
  if (bias) bias_ = this->add_parameter("bias", Tensor<S>::zeros(Shape{out_channels}));
}

template <class S>
Variable<S> Conv2d<S>::forward(const Variable<S>& x) {
  return conv2d(x, weight_, bias_, with_kept(spec_, kept_));
}

template <class S>
Variable<S> Conv2d<S>::forward_normalised(const Variable<S>& x, BatchNorm2d<S>& norm) {
  const bool folds = bias_.defined() && !norm.training() && !GradMode::enabled();
  if (!folds) return norm.forward(forward(x));
  return conv2d_affine(x, weight_, norm.affine(bias_.value()), with_kept(spec_, kept_));
}

template <class S>
void Conv2d<S>::keep_weights(bool on) {
  kept_ = on ? std::make_unique<KeptWeights>() : nullptr;
}

template <class S>
ConvTranspose2d<S>::ConvTranspose2d(Index in_channels, Index out_channels, int kernel, int stride,
                                    Init init, Rng& rng, const Compute& compute)
    : Module<S>(compute.device) {
  spec_.precision = compute.precision;
  spec_.stride_h = spec_.stride_w = stride;
  spec_.pad = same_transpose_padding(kernel, stride);
  const Index area = Index{kernel} * kernel;
  // Only every stride-th tap meets an input pixel, so an output sums over fewer inputs than the
  // kernel has weights. He's rule is about that sum; Glorot's is Keras's, which counts all weights.
  const Index summed =
      init == Init::he_normal ? std::max<Index>(1, area / (Index{stride} * stride)) : area;
  weight_ = this->add_parameter(
      "weight", initial_weight<S>(init, Shape{kernel, kernel, out_channels, in_channels},
                                  summed * in_channels, area * out_channels, rng));
  bias_ = this->add_parameter("bias", Tensor<S>::zeros(Shape{out_channels}));
}

template <class S>
Variable<S> ConvTranspose2d<S>::forward(const Variable<S>& x) {
  return conv_transpose2d(x, weight_, bias_, with_kept(spec_, kept_));
}

template <class S>
Variable<S> ConvTranspose2d<S>::forward_normalised(const Variable<S>& x, BatchNorm2d<S>& norm) {
  if (norm.training() || GradMode::enabled()) return norm.forward(forward(x));
  return conv_transpose2d_affine(x, weight_, norm.affine(bias_.value()), with_kept(spec_, kept_));
}

template <class S>
void ConvTranspose2d<S>::keep_weights(bool on) {
  kept_ = on ? std::make_unique<KeptWeights>() : nullptr;
}

template class Conv2d<float>;
template class Conv2d<double>;
template class ConvTranspose2d<float>;
template class ConvTranspose2d<double>;

}  // namespace dmf
