#pragma once

#include <memory>
#include <string>

#include "engine/ops/elementwise.h"
#include "engine/ops/gate.h"
#include "layers/conv2d.h"
#include "layers/norm_activation.h"

namespace dmf {

/// Additive attention (Oktay et al., "Attention U-Net", MIDL 2018): each pixel of
/// a skip is scaled by a number in (0, 1), found from the skip x and from what comes up from below, g, of
/// the same size: sigmoid(psi(relu(W_x x + W_g g))). Three 1 x 1 convolutions, each with a normalisation:
/// `skip` and `below` to half of the skip's channels, `psi` to one.
template <class S>
class AttentionGate final : public Module<S> {
 public:
  /// name     for the error of a batch too small to normalise
  /// between  channels that x and g are compared in
  AttentionGate(const std::string& name, Index skip, Index below, Index between,
                const std::string& norm, const NormSpec& spec, Init init, Rng& rng,
                const Compute& compute)
      : Module<S>(compute.device),
        skip_(std::make_unique<Conv2d<S>>(skip, between, 1, init, rng, compute)),
        below_(std::make_unique<Conv2d<S>>(below, between, 1, init, rng, compute)),
        psi_(std::make_unique<Conv2d<S>>(between, 1, 1, init, rng, compute)),
        skip_norm_(name + ".skip_" + norm, between, plain(spec), compute.device),
        below_norm_(name + ".below_" + norm, between, plain(spec), compute.device),
        psi_norm_(name + ".psi_" + norm, 1, plain(spec), compute.device) {
    this->add_child("skip", *skip_);
    this->add_child("skip_" + norm, skip_norm_.norm());
    this->add_child("below", *below_);
    this->add_child("below_" + norm, below_norm_.norm());
    this->add_child("psi", *psi_);
    this->add_child("psi_" + norm, psi_norm_.norm());
  }

  /// A skip that is compared with itself.
  Variable<S> forward(const Variable<S>& x) override { return forward(x, x); }
  /// The skip, gated.
  ///
  /// below  what comes up, of the skip's size
  Variable<S> forward(const Variable<S>& skip, const Variable<S>& below) {
    const Variable<S> both =
        relu(skip_norm_.after(*skip_, skip) + below_norm_.after(*below_, below));
    return gate(skip, psi_norm_.after(*psi_, both));
  }

 private:
  static NormSpec plain(NormSpec spec) {
    spec.activation = Activation::none;
    return spec;
  }

  std::unique_ptr<Conv2d<S>> skip_, below_, psi_;
  NormActivation<S> skip_norm_, below_norm_, psi_norm_;
};

}  // namespace dmf
