#include "layers/norm_activation.h"

#include <numeric>

#include "engine/ops/elementwise.h"

namespace dmf {

Index NormSpec::groups_of(Index channels) const {
  return kind == NormKind::instance ? channels : std::gcd(groups, channels);
}

template <class S>
Variable<S> activate(Activation activation, const Variable<S>& x) {
  switch (activation) {
    case Activation::relu:
      return relu(x);
    case Activation::leaky_relu:
      return leaky_relu(x, kLeakySlope);
    case Activation::gelu:
      return gelu(x);
    case Activation::none:
      break;
  }
  return x;
}

template <class S>
NormActivation<S>::NormActivation(const std::string& name, Index channels, const NormSpec& spec,
                                  Device device)
    : behind_(spec.activation) {
  const bool relu = spec.activation == Activation::relu;
  if (spec.kind == NormKind::batch) {
    batch_ = std::make_unique<BatchNorm2d<S>>(
        name, channels,
        BatchNorm2dSpec{.eps = spec.eps, .momentum = spec.momentum, .training = true, .relu = relu},
        device);
    if (relu) behind_ = Activation::none;
    return;
  }
  GroupNormSpec groups{.groups = spec.groups_of(channels), .eps = spec.eps};
  if (relu || spec.activation == Activation::leaky_relu) {
    groups.slope = relu ? 0.0 : kLeakySlope;
    behind_ = Activation::none;
  }
  groups_ = std::make_unique<GroupNorm<S>>(channels, groups, device);
}

template <class S>
Module<S>& NormActivation<S>::norm() {
  if (batch_) return *batch_;
  return *groups_;
}

template <class S>
Variable<S> NormActivation<S>::activated(const Variable<S>& x) const {
  return activate(behind_, x);
}

template class NormActivation<float>;
template class NormActivation<double>;
template Variable<float> activate(Activation, const Variable<float>&);
template Variable<double> activate(Activation, const Variable<double>&);

}  // namespace dmf
