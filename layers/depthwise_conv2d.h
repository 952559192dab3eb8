#pragma once

#include "engine/ops/depthwise_conv2d.h"
#include "layers/init.h"
#include "layers/module.h"

namespace dmf {

/// Convolution of each channel by a square kernel of odd size of its own, stride 1 and padding "same";
/// parameters `weight` [K, K, 1, C] and `bias`.
template <class S>
class DepthwiseConv2d final : public Module<S> {
 public:
  DepthwiseConv2d(Index channels, int kernel, Init init, Rng& rng, Device device)
      : Module<S>(device) {
    const int pad = (kernel - 1) / 2;
    spec_.pad = {pad, pad, pad, pad};
    const Index area = Index{kernel} * kernel;
    weight_ = this->add_parameter(
        "weight", initial_weight<S>(init, Shape{kernel, kernel, 1, channels}, area, area, rng));
    bias_ = this->add_parameter("bias", Tensor<S>::zeros(Shape{channels}));
  }
  Variable<S> forward(const Variable<S>& x) override {
    return depthwise_conv2d(x, weight_, bias_, spec_);
  }

 private:
  Conv2dSpec spec_;
  Variable<S> weight_, bias_;
};

}  // namespace dmf
