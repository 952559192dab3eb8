#pragma once

#include "engine/ops/batch_norm2d.h"
#include "engine/ops/conv2d.h"
#include "layers/module.h"

namespace dmf {

/// Batch normalisation, then ReLU where asked, in one pass. Parameters `gamma` (ones) and `beta`
/// (zeros); buffers `running_mean` (zeros) and `running_var` (ones).
template <class S>
class BatchNorm2d final : public Module<S> {
 public:
  /// name  for the error of a batch too small to normalise
  /// spec  eps, momentum and relu; `training` follows the module's mode
  BatchNorm2d(std::string name, Index channels, const BatchNorm2dSpec& spec, Device device);
  Variable<S> forward(const Variable<S>& x) override;
  /// What forward(x + bias) does in evaluation mode.
  ChannelAffine<S> affine(const Tensor<S>& bias) const;

 private:
  std::string name_;
  BatchNorm2dSpec spec_;
  Variable<S> gamma_, beta_;
  Tensor<S> running_mean_, running_var_;
};

}  // namespace dmf
