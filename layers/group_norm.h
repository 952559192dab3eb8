#pragma once

#include "engine/ops/group_norm.h"
#include "layers/module.h"

namespace dmf {

/// Group normalisation, and a leaky ReLU where asked, in one pass. Parameters `gamma` (ones) and
/// `beta` (zeros).
template <class S>
class GroupNorm final : public Module<S> {
 public:
  /// throws  ValueError where spec.groups does not divide the channels
  GroupNorm(Index channels, const GroupNormSpec& spec, Device device)
      : Module<S>(device),
        spec_(spec),
        gamma_(this->add_parameter("gamma", Tensor<S>::full(Shape{channels}, S{1}))),
        beta_(this->add_parameter("beta", Tensor<S>::zeros(Shape{channels}))) {}

  Variable<S> forward(const Variable<S>& x) override { return group_norm(x, gamma_, beta_, spec_); }

 private:
  GroupNormSpec spec_;
  Variable<S> gamma_, beta_;
};

}  // namespace dmf
