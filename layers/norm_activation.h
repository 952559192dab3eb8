#pragma once

#include <array>
#include <memory>
#include <string>

#include "engine/core/choice.h"
#include "layers/batch_norm2d.h"
#include "layers/group_norm.h"

namespace dmf {

enum class NormKind { batch, instance, group };
enum class Activation { none, relu, leaky_relu, gelu };

inline constexpr std::array<Named<NormKind>, 3> kNorms = {
    {{"batch", NormKind::batch, "over the batch, running statistics in evaluation"},
     {"instance", NormKind::instance, "each channel of each image by itself"},
     {"group", NormKind::group, "groups of channels of each image"}}};
inline constexpr std::array<Named<Activation>, 3> kActivations = {
    {{"relu", Activation::relu, "max(x, 0)"},
     {"leaky_relu", Activation::leaky_relu, "x, or 0.01 x below 0"},
     {"gelu", Activation::gelu, "x times the normal distribution's function"}}};
inline constexpr double kLeakySlope = 0.01;

/// A normalisation and the activation behind it.
struct NormSpec {
  NormKind kind = NormKind::batch;
  Activation activation = Activation::relu;
  Index groups = 8;  // of group: their greatest common divisor with the channels is taken
  double eps = 1e-5;
  double momentum = 0.1;  // of batch

  /// In how many groups `channels` are normalised; of instance and group.
  Index groups_of(Index channels) const;
};

/// What stands behind a convolution: a normalisation, whose module is the caller's to register, and
/// an activation. They are one pass where the normalisation can do it: ReLU behind all, leaky ReLU
/// behind those of each image.
template <class S>
class NormActivation {
 public:
  /// name  for the error of a batch too small to normalise
  NormActivation(const std::string& name, Index channels, const NormSpec& spec, Device device);

  Module<S>& norm();
  Variable<S> forward(const Variable<S>& x) { return activated(norm().forward(x)); }
  /// forward(conv.forward(x)); of a batch normalisation in evaluation mode one pass with it.
  template <class Convolution>
  Variable<S> after(Convolution& conv, const Variable<S>& x) {
    return batch_ ? activated(conv.forward_normalised(x, *batch_)) : forward(conv.forward(x));
  }

 private:
  Variable<S> activated(const Variable<S>& x) const;

  std::unique_ptr<BatchNorm2d<S>> batch_;
  std::unique_ptr<GroupNorm<S>> groups_;
  Activation behind_;  // what the normalisation has not done itself
};

/// The activation alone.
template <class S>
Variable<S> activate(Activation activation, const Variable<S>& x);

}  // namespace dmf
