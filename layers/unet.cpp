#include "layers/unet.h"

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/pad2d.h"
#include "engine/ops/pool2d.h"

namespace dmf {

void UNetSpec::validate() const {
  DMF_CHECK(in_channels >= 1, ValueError, "[unet] in_channels {}: expected at least 1.",
            in_channels);
  DMF_CHECK(classes >= 2 && classes <= 256, ValueError, "[unet] classes {}: expected 2 to 256.",
            classes);
  DMF_CHECK(depth >= 1 && depth <= 8, ValueError, "[unet] depth {}: expected 1 to 8.", depth);
  DMF_CHECK(base_width >= 1 && base_width <= 1024, ValueError,
            "[unet] base width {}: expected 1 to 1024.", base_width);
  DMF_CHECK(dropout >= 0.0 && dropout < 1.0, ValueError,
            "[unet] dropout {}: expected 0 <= rate < 1.", dropout);
  DMF_CHECK(bn_eps > 0.0, ValueError, "[unet] bn_eps {}: expected > 0.", bn_eps);
  DMF_CHECK(bn_momentum > 0.0 && bn_momentum <= 1.0, ValueError,
            "[unet] bn_momentum {}: expected 0 < momentum <= 1, the weight of the new value.",
            bn_momentum);
}

Index UNetSpec::parameters_at_least() const {
  const Index widest = base_width << (depth - 1);
  return 9 * widest * (depth > 1 ? widest / 2 : in_channels);  // the deepest encoder convolution's
}

std::string variant_name(UNetSpec::Variant variant) {
  return variant == UNetSpec::Variant::paper ? "paper" : "classic";
}

UNetSpec::Variant variant_named(const std::string& name) {
  if (name == "paper") return UNetSpec::Variant::paper;
  if (name == "classic") return UNetSpec::Variant::classic;
  throw ValueError(fmt::format("[unet] unknown network '{}': expected paper or classic.", name));
}

/// One level of either path: an optional transposed convolution, some convolutions, each with its
/// batch normalisation (and ReLU), then dropout.
template <class S>
struct UNet<S>::Level final : Module<S> {
  struct Names {
    std::string conv, bn;
  };

  Level(const UNetSpec& spec, std::string name, std::uint32_t id, Device device)
      : Module<S>(device),
        name_(std::move(name)),
        bn_{.eps = spec.bn_eps, .momentum = spec.bn_momentum, .training = true, .relu = true},
        init_(spec.variant == UNetSpec::Variant::paper ? Init::glorot_uniform : Init::he_normal),
        dropout_(id == 0 ? 0.0 : spec.dropout, spec.seed, id, device) {}

  void add_up(Index in, Index out, int kernel, bool normalise, Rng& rng) {
    up_ = std::make_unique<ConvTranspose2d<S>>(in, out, kernel, 2, init_, rng, this->device());
    this->add_child("up", *up_);
    if (!normalise) return;
    up_bn_ = std::make_unique<BatchNorm2d<S>>(name_ + ".bn", out, bn_, this->device());
    this->add_child("bn", *up_bn_);
  }

  void add_conv(const Names& names, Index in, Index out, Rng& rng) {
    convs_.push_back(std::make_unique<Conv2d<S>>(in, out, 3, init_, rng, this->device()));
    norms_.push_back(
        std::make_unique<BatchNorm2d<S>>(name_ + "." + names.bn, out, bn_, this->device()));
    this->add_child(names.conv, *convs_.back());
    this->add_child(names.bn, *norms_.back());
  }

  void add_double_conv(Index in, Index out, Rng& rng) {
    add_conv({"conv1", "bn1"}, in, out, rng);
    add_conv({"conv2", "bn2"}, out, out, rng);
  }

  void add_dropout() { this->add_child("dropout", dropout_); }

  Variable<S> upsample(const Variable<S>& x) {
    return up_bn_ ? up_->forward_normalised(x, *up_bn_) : up_->forward(x);
  }

  Variable<S> forward(const Variable<S>& x) override {
    Variable<S> y = x;
    for (std::size_t i = 0; i < convs_.size(); ++i)
      y = convs_[i]->forward_normalised(y, *norms_[i]);
    return dropout_.forward(y);
  }

 private:
  std::string name_;
  BatchNorm2dSpec bn_;
  Init init_;
  std::unique_ptr<ConvTranspose2d<S>> up_;
  std::unique_ptr<BatchNorm2d<S>> up_bn_;
  std::vector<std::unique_ptr<Conv2d<S>>> convs_;
  std::vector<std::unique_ptr<BatchNorm2d<S>>> norms_;
  Dropout<S> dropout_;
};

template <class S>
UNet<S>::UNet(const UNetSpec& spec, Device device) : Module<S>(device), spec_(spec) {
  spec.validate();
  Rng rng(spec.seed, 0x696e6974);  // "init": a stream of its own
  const bool paper = spec.variant == UNetSpec::Variant::paper;
  const auto width_of = [&spec](int level) { return spec.base_width << level; };
  Index width = spec.in_channels;
  for (int i = 0; i < spec.depth; ++i) {
    const std::string name = fmt::format("enc{}", i);
    auto level = std::make_unique<Level>(spec, name, static_cast<std::uint32_t>(i), device);
    if (paper) {
      level->add_conv({"conv", "bn"}, width, width_of(i), rng);
    } else {
      level->add_double_conv(width, width_of(i), rng);
    }
    width = width_of(i);
    level->add_dropout();
    this->add_child(name, *level);
    encoder_.push_back(std::move(level));
  }
  if (!paper) {
    mid_ = std::make_unique<Level>(spec, "mid", static_cast<std::uint32_t>(spec.depth), device);
    mid_->add_double_conv(width, width_of(spec.depth), rng);
    mid_->add_dropout();
    this->add_child("mid", *mid_);
    width = width_of(spec.depth);
  }
  decoder_.resize(static_cast<std::size_t>(spec.depth));
  for (int i = spec.depth - 1; i >= 0; --i) {
    const std::string name = fmt::format("dec{}", i);
    auto level = std::make_unique<Level>(
        spec, name, i == 0 ? 0 : static_cast<std::uint32_t>(spec.depth + 1 + i), device);
    level->add_up(width, width_of(i), paper ? 3 : 2, paper, rng);
    width = 2 * width_of(i);  // [up, skip]
    if (!paper) {
      level->add_double_conv(width, width_of(i), rng);
      width = width_of(i);
    }
    level->add_dropout();
    this->add_child(name, *level);
    decoder_[static_cast<std::size_t>(i)] = std::move(level);
  }
  head_ = std::make_unique<Conv2d<S>>(width, spec.classes, 1,
                                      paper ? Init::glorot_uniform : Init::he_normal, rng, device);
  this->add_child("head", *head_);
}

template <class S>
UNet<S>::~UNet() = default;

template <class S>
Variable<S> UNet<S>::forward(const Variable<S>& x) {
  DMF_CHECK(x.shape().rank() == 4 && x.size(3) == spec_.in_channels && x.value().numel() > 0,
            ShapeError, "[unet] x {}: expected [N, H, W, {}], none of them 0.", x.shape().str(),
            spec_.in_channels);
  const Index unit = Index{1} << spec_.depth;
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
  for (const auto& level : encoder_) {
    skips.push_back(level->forward(y));
    y = max_pool2d(skips.back());
  }
  if (mid_) y = mid_->forward(y);
  for (std::size_t i = decoder_.size(); i-- > 0;) {
    const Variable<S> up = decoder_[i]->upsample(y);
    y = Variable<S>();  // no longer needed: without a graph its memory is free for what follows
    y = decoder_[i]->forward(concat<S>({up, skips[i]}));
    skips.pop_back();
  }
  return head_->forward(y);
}

template class UNet<float>;
template class UNet<double>;

}  // namespace dmf
