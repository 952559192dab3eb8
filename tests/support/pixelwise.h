#pragma once

#include "layers/networks/network.h"

namespace dmf {

/// A network that sees one pixel at a time: of its first channel v the logits 0 and gain (v - 1/2).
class Pixelwise : public Network<float> {
 public:
  explicit Pixelwise(float gain)
      : Network<float>(NetworkSpec{.name = "pixelwise"}, Device::cpu()), gain_(gain) {}

  Variable<float> forward(const Variable<float>& x) override {
    const Tensor<float>& images = x.value();
    const Index C = images.size(3);
    Tensor<float> logits(Shape{images.size(0), images.size(1), images.size(2), 2});
    for (Index i = 0; i < images.numel() / C; ++i) {
      logits.data()[2 * i] = 0.0f;
      logits.data()[2 * i + 1] = gain_ * (images.data()[i * C] - 0.5f);
    }
    return Variable<float>(logits);
  }

 private:
  float gain_;
};

}  // namespace dmf
