#include "layers/networks/unet.h"

#include <optional>

#include "engine/ops/concat.h"
#include "engine/ops/pool2d.h"
#include "layers/attention_gate.h"
#include "layers/dropout.h"
#include "layers/networks/padded.h"
#include "layers/norm_activation.h"

namespace dmf {

/// One level of either path, see LevelSpec.
template <class S>
struct UNet<S>::Level final : Module<S> {
  Level(const LevelSpec& level, const UNetSpec& spec, Rng& rng, const Compute& compute)
      : Module<S>(compute.device),
        part(level.part),
        depth(static_cast<std::size_t>(level.depth)),
        pooled(level.pooled),
        dropout_(level.dropout, spec.seed, level.id, compute.device) {
    const Init init = spec.preset.init;
    const auto norm_of = [&](const std::string& name, Index channels) {
      return NormActivation<S>(level.name + "." + name, channels, spec.norm_spec(), compute.device);
    };
    if (level.up) {
      const UpConv& up = *level.up;
      up_ = std::make_unique<ConvTranspose2d<S>>(up.in, up.out, up.kernel, 2, init, rng, compute);
      this->add_child("up", *up_);
      if (!up.norm.empty()) {
        up_norm_.emplace(norm_of(up.norm, up.out));
        this->add_child(up.norm, up_norm_->norm());
      }
    }
    if (level.attention) {
      const auto& [skip, below, between, norm] = *level.attention;
      attention_ =
          std::make_unique<AttentionGate<S>>(level.name + ".attention", skip, below, between, norm,
                                             spec.norm_spec(), init, rng, compute);
      this->add_child("attention", *attention_);
    }
    for (const ConvBlock& block : level.blocks) {
      convs_.push_back(
          std::make_unique<Conv2d<S>>(block.in, block.out, 3, init, rng, compute, block.stride));
      norms_.push_back(norm_of(block.norm, block.out));
      this->add_child(block.conv, *convs_.back());
      this->add_child(block.norm, norms_.back().norm());
    }
    this->add_child("dropout", dropout_);
  }

  Variable<S> upsample(const Variable<S>& x) {
    return up_norm_ ? up_norm_->after(*up_, x) : up_->forward(x);
  }

  /// What comes up, and the skip beside it.
  Variable<S> join(const Variable<S>& up, const Variable<S>& skip) {
    return concat<S>({up, attention_ ? attention_->forward(skip, up) : skip});
  }

  Variable<S> forward(const Variable<S>& x) override {
    Variable<S> y = x;
    for (std::size_t i = 0; i < convs_.size(); ++i) y = norms_[i].after(*convs_[i], y);
    return dropout_.forward(y);
  }

  const LevelSpec::Part part;
  const std::size_t depth;
  const bool pooled;

 private:
  std::unique_ptr<ConvTranspose2d<S>> up_;
  std::optional<NormActivation<S>> up_norm_;
  std::unique_ptr<AttentionGate<S>> attention_;
  std::vector<std::unique_ptr<Conv2d<S>>> convs_;
  std::vector<NormActivation<S>> norms_;
  Dropout<S> dropout_;
};

template <class S>
UNet<S>::UNet(const UNetSpec& spec, const Compute& compute)
    : Network<S>(spec.network_spec(), compute), unet_spec_(spec) {
  Rng rng(spec.seed, 0x696e6974);  // "init": a stream of its own
  for (const LevelSpec& level : levels(spec)) {
    levels_.push_back(std::make_unique<Level>(level, spec, rng, compute));
    this->add_child(level.name, *levels_.back());
  }
  heads_ =
      std::make_unique<Heads<S>>(head_widths(spec), spec.classes, spec.preset.init, rng, compute);
  heads_->for_each(
      [this](const std::string& name, Conv2d<S>& head) { this->add_child(name, head); });
}

template <class S>
UNet<S>::~UNet() = default;

template <class S>
std::vector<Variable<S>> UNet<S>::logits_of(const Variable<S>& x, WantedHeads wanted) {
  return padded_to(
      size_multiple(), "unet", unet_spec_.in_channels, x,
      [&](const Variable<S>& divisible) { return forward_divisible(divisible, wanted); });
}

template <class S>
std::vector<Variable<S>> UNet<S>::forward_divisible(const Variable<S>& x, WantedHeads wanted) {
  std::vector<Variable<S>> skips, logits;
  Variable<S> y = x;
  for (const auto& level : levels_) {
    switch (level->part) {
      case LevelSpec::Part::encoder:
        skips.push_back(level->forward(y));
        y = level->pooled ? max_pool2d(skips.back()) : skips.back();
        break;
      case LevelSpec::Part::bottleneck:
        y = level->forward(y);
        break;
      case LevelSpec::Part::decoder: {
        const Variable<S> up = level->upsample(y);
        y = Variable<S>();  // no longer needed: without a graph its memory is free for what follows
        y = level->forward(level->join(up, skips.back()));
        skips.pop_back();
        heads_->take(level->depth, y, wanted, logits);
        break;
      }
    }
  }
  return logits;
}

template class UNet<float>;
template class UNet<double>;

}  // namespace dmf
