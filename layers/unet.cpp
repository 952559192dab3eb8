#include "layers/unet.h"

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/pad2d.h"
#include "engine/ops/pool2d.h"
#include "layers/batch_norm2d.h"
#include "layers/dropout.h"

namespace dmf {

/// One level of either path, see LevelSpec.
template <class S>
struct UNet<S>::Level final : Module<S> {
  Level(const LevelSpec& level, const UNetSpec& spec, Rng& rng, const Compute& compute)
      : Module<S>(compute.device),
        part(level.part),
        dropout_(level.dropout, spec.seed, level.id, compute.device) {
    const Init init = spec.preset.init;
    const auto norm_of = [&](const std::string& name, Index channels) {
      const BatchNorm2dSpec norm{
          .eps = spec.bn_eps, .momentum = spec.bn_momentum, .training = true, .relu = true};
      return std::make_unique<BatchNorm2d<S>>(level.name + "." + name, channels, norm,
                                              compute.device);
    };
    if (level.up) {
      const UpConv& up = *level.up;
      up_ = std::make_unique<ConvTranspose2d<S>>(up.in, up.out, up.kernel, 2, init, rng, compute);
      this->add_child("up", *up_);
      if (!up.norm.empty()) {
        up_norm_ = norm_of(up.norm, up.out);
        this->add_child(up.norm, *up_norm_);
      }
    }
    for (const ConvBlock& block : level.blocks) {
      convs_.push_back(std::make_unique<Conv2d<S>>(block.in, block.out, 3, init, rng, compute));
      norms_.push_back(norm_of(block.norm, block.out));
      this->add_child(block.conv, *convs_.back());
      this->add_child(block.norm, *norms_.back());
    }
    this->add_child("dropout", dropout_);
  }

  Variable<S> upsample(const Variable<S>& x) {
    return up_norm_ ? up_->forward_normalised(x, *up_norm_) : up_->forward(x);
  }

  Variable<S> forward(const Variable<S>& x) override {
    Variable<S> y = x;
    for (std::size_t i = 0; i < convs_.size(); ++i)
      y = convs_[i]->forward_normalised(y, *norms_[i]);
    return dropout_.forward(y);
  }

  const LevelSpec::Part part;

 private:
  std::unique_ptr<ConvTranspose2d<S>> up_;
  std::unique_ptr<BatchNorm2d<S>> up_norm_;
  std::vector<std::unique_ptr<Conv2d<S>>> convs_;
  std::vector<std::unique_ptr<BatchNorm2d<S>>> norms_;
  Dropout<S> dropout_;
};

template <class S>
UNet<S>::UNet(const UNetSpec& spec, const Compute& compute)
    : Network<S>(spec.network_spec(), compute), unet_spec_(spec) {
  Rng rng(spec.seed, 0x696e6974);  // "init": a stream of its own
  const std::vector<LevelSpec> all = levels(spec);
  for (const LevelSpec& level : all) {
    levels_.push_back(std::make_unique<Level>(level, spec, rng, compute));
    this->add_child(level.name, *levels_.back());
  }
  head_ =
      std::make_unique<Conv2d<S>>(all.back().out, spec.classes, 1, spec.preset.init, rng, compute);
  this->add_child("head", *head_);
}

template <class S>
UNet<S>::~UNet() = default;

template <class S>
Variable<S> UNet<S>::forward(const Variable<S>& x) {
  DMF_CHECK(x.shape().rank() == 4 && x.size(3) == unet_spec_.in_channels && x.value().numel() > 0,
            ShapeError, "[unet] x {}: expected [N, H, W, {}], none of them 0.", x.shape().str(),
            unet_spec_.in_channels);
  const Index unit = size_multiple();
  const auto missing = [unit](Index size) { return static_cast<int>((unit - size % unit) % unit); };
  const int bottom = missing(x.size(1)), right = missing(x.size(2));
  if (bottom == 0 && right == 0) return forward_divisible(x);
  const Variable<S> logits = forward_divisible(pad2d(x, {0, 0, bottom, right}));
  return pad2d(logits, {0, 0, -bottom, -right});
}

template <class S>
Variable<S> UNet<S>::forward_divisible(const Variable<S>& x) {
  std::vector<Variable<S>> skips;
  Variable<S> y = x;
  for (const auto& level : levels_) {
    switch (level->part) {
      case LevelSpec::Part::encoder:
        skips.push_back(level->forward(y));
        y = max_pool2d(skips.back());
        break;
      case LevelSpec::Part::bottleneck:
        y = level->forward(y);
        break;
      case LevelSpec::Part::decoder: {
        const Variable<S> up = level->upsample(y);
        y = Variable<S>();  // no longer needed: without a graph its memory is free for what follows
        y = level->forward(concat<S>({up, skips.back()}));
        skips.pop_back();
        break;
      }
    }
  }
  return head_->forward(y);
}

template class UNet<float>;
template class UNet<double>;

}  // namespace dmf
