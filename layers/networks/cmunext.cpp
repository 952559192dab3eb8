#include "layers/networks/cmunext.h"

#include <algorithm>
#include <cmath>

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/pool2d.h"
#include "engine/ops/upsample2d.h"
#include "layers/conv2d.h"
#include "layers/depthwise_conv2d.h"
#include "layers/networks/padded.h"
#include "layers/norm_activation.h"

namespace dmf {
namespace {

constexpr Index kExpansion = 4;  // of the channels between two 1 x 1 convolutions
constexpr std::size_t kMostLevels = 8;

/// What the parts of one network share while it is made.
struct Making {
  const CmunextSpec& spec;
  Rng& rng;
  Compute compute;

  template <class S>
  std::unique_ptr<Conv2d<S>> conv(Index in, Index out, int kernel) const {
    return std::make_unique<Conv2d<S>>(in, out, kernel, Init::he_normal, rng, compute);
  }
  template <class S>
  std::unique_ptr<Heads<S>> heads(const std::vector<Index>& widths) const {
    return std::make_unique<Heads<S>>(widths, spec.classes, Init::he_normal, rng, compute);
  }
  template <class S>
  NormActivation<S> norm(const std::string& name, Index channels, Activation activation) const {
    return {name, channels,
            NormSpec{.kind = NormKind::batch,
                     .activation = activation,
                     .eps = spec.bn_eps,
                     .momentum = spec.bn_momentum},
            compute.device};
  }
};

/// Two 1 x 1 convolutions with GELU and batch norm behind each: how channels are mixed.
template <class S>
struct Mixing {
  std::unique_ptr<Conv2d<S>> expand, reduce;
  NormActivation<S> bn2, bn3;

  Mixing(const Making& make, const std::string& name, Index in, Index out, Index between)
      : expand(make.conv<S>(in, between, 1)),
        reduce(make.conv<S>(between, out, 1)),
        bn2(make.norm<S>(name + ".bn2", between, Activation::none)),
        bn3(make.norm<S>(name + ".bn3", out, Activation::none)) {}

  Variable<S> forward(const Variable<S>& x) {
    const Variable<S> wide = bn2.forward(gelu(expand->forward(x)));
    return bn3.forward(gelu(reduce->forward(wide)));
  }
};

template <class S>
struct LargeKernelBlock final : Module<S> {
  LargeKernelBlock(const Making& make, const std::string& name, Index channels, int kernel)
      : Module<S>(make.compute.device),
        depthwise(channels, kernel, Init::he_normal, make.rng, make.compute.device),
        bn1(make.norm<S>(name + ".bn1", channels, Activation::none)),
        mixing(make, name, channels, channels, kExpansion * channels) {
    this->add_child("depthwise", depthwise);
    this->add_child("bn1", bn1.norm());
    this->add_child("expand", *mixing.expand);
    this->add_child("bn2", mixing.bn2.norm());
    this->add_child("reduce", *mixing.reduce);
    this->add_child("bn3", mixing.bn3.norm());
  }

  Variable<S> forward(const Variable<S>& x) override {
    return mixing.forward(bn1.forward(gelu(depthwise.forward(x))) + x);
  }

  DepthwiseConv2d<S> depthwise;
  NormActivation<S> bn1;
  Mixing<S> mixing;
};

/// The two halves that meet, each convolved by itself before the channels are mixed.
template <class S>
struct SkipFusion final : Module<S> {
  SkipFusion(const Making& make, const std::string& name, Index channels)
      : Module<S>(make.compute.device),
        skip(make.conv<S>(channels, channels, 3)),
        below(make.conv<S>(channels, channels, 3)),
        bn1(make.norm<S>(name + ".bn1", 2 * channels, Activation::none)),
        mixing(make, name, 2 * channels, channels, kExpansion * channels) {
    this->add_child("skip", *skip);
    this->add_child("below", *below);
    this->add_child("bn1", bn1.norm());
    this->add_child("expand", *mixing.expand);
    this->add_child("bn2", mixing.bn2.norm());
    this->add_child("reduce", *mixing.reduce);
    this->add_child("bn3", mixing.bn3.norm());
  }

  /// x  of the two halves' channels side by side
  Variable<S> forward(const Variable<S>& x) override { return mixing.forward(bn1.forward(x)); }
  Variable<S> join(const Variable<S>& from_skip, const Variable<S>& from_below) {
    return forward(gelu(concat<S>({skip->forward(from_skip), below->forward(from_below)})));
  }

  std::unique_ptr<Conv2d<S>> skip, below;
  NormActivation<S> bn1;
  Mixing<S> mixing;
};

template <class S>
struct Encoder final : Module<S> {
  Encoder(const Making& make, const std::string& name, Index in, Index out, Index count, int kernel)
      : Module<S>(make.compute.device),
        conv(make.conv<S>(in, out, 3)),
        bn(make.norm<S>(name + ".bn", out, Activation::relu)) {
    for (Index b = 0; b < count; ++b) {
      const std::string block = fmt::format("block{}", b);
      blocks.push_back(std::make_unique<LargeKernelBlock<S>>(make, name + "." + block, in, kernel));
      this->add_child(block, *blocks.back());
    }
    this->add_child("conv", *conv);
    this->add_child("bn", bn.norm());
  }

  Variable<S> forward(const Variable<S>& x) override {
    Variable<S> y = x;
    for (const auto& block : blocks) y = block->forward(y);
    return bn.after(*conv, y);
  }

  std::vector<std::unique_ptr<LargeKernelBlock<S>>> blocks;
  std::unique_ptr<Conv2d<S>> conv;
  NormActivation<S> bn;
};

template <class S>
struct Decoder final : Module<S> {
  Decoder(const Making& make, const std::string& name, Index in, Index out)
      : Module<S>(make.compute.device),
        up(make.conv<S>(in, out, 3)),
        up_bn(make.norm<S>(name + ".up_bn", out, Activation::relu)),
        fusion(make, name + ".fusion", out) {
    this->add_child("up", *up);
    this->add_child("up_bn", up_bn.norm());
    this->add_child("fusion", fusion);
  }

  /// What comes from below, at twice its size.
  Variable<S> forward(const Variable<S>& x) override {
    return up_bn.after(*up, upsample_bilinear2d(x));
  }
  Variable<S> join(const Variable<S>& skip, const Variable<S>& below) {
    return fusion.join(skip, forward(below));
  }

  std::unique_ptr<Conv2d<S>> up;
  NormActivation<S> up_bn;
  SkipFusion<S> fusion;
};

template <class S>
struct Stem final : Module<S> {
  Stem(const Making& make, Index in, Index out)
      : Module<S>(make.compute.device),
        conv(make.conv<S>(in, out, 3)),
        bn(make.norm<S>("stem.bn", out, Activation::relu)) {
    this->add_child("conv", *conv);
    this->add_child("bn", bn.norm());
  }
  Variable<S> forward(const Variable<S>& x) override { return bn.after(*conv, x); }

  std::unique_ptr<Conv2d<S>> conv;
  NormActivation<S> bn;
};

std::vector<Index> whole_numbers(const NetworkSpec& spec, std::string_view name) {
  std::vector<Index> values;
  for (const double value : spec.settings.list(name)) {
    DMF_CHECK(value == std::floor(value), ValueError, "[{}] got {}, expected whole numbers.", name,
              value);
    values.push_back(static_cast<Index>(value));
  }
  return values;
}

std::vector<double> numbers(const std::vector<Index>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

template <class S>
struct Cmunext<S>::Parts {
  std::unique_ptr<Stem<S>> stem;
  std::vector<std::unique_ptr<Encoder<S>>> encoders;  // from the image's size down
  std::vector<std::unique_ptr<Decoder<S>>> decoders;  // from below up
  std::unique_ptr<Heads<S>> heads;
};

namespace {

std::vector<Index> head_widths(const CmunextSpec& spec) {
  const std::size_t deep = deep_heads(spec.deep_supervision, spec.levels() - 1);
  return {spec.widths.begin(), spec.widths.begin() + 1 + static_cast<std::ptrdiff_t>(deep)};
}

}  // namespace

CmunextSpec CmunextSpec::of(const NetworkSpec& spec) {
  CmunextSpec made{spec.in_channels,
                   spec.classes,
                   whole_numbers(spec, "cmunext-widths"),
                   whole_numbers(spec, "cmunext-blocks"),
                   whole_numbers(spec, "cmunext-kernels"),
                   spec.settings.number("bn-eps"),
                   spec.settings.number("bn-momentum"),
                   spec.seed,
                   static_cast<int>(spec.settings.whole("deep-supervision"))};
  DMF_CHECK(made.blocks.size() == made.levels() && made.kernels.size() == made.levels() &&
                made.levels() >= 1 && made.levels() <= kMostLevels,
            ValueError,
            "[cmunext-widths] got {} widths, {} numbers of blocks and {} kernels: expected 1 to {} "
            "levels, as many of each.",
            made.levels(), made.blocks.size(), made.kernels.size(), kMostLevels);
  for (const Index kernel : made.kernels) {
    DMF_CHECK(kernel % 2 == 1, ValueError, "[cmunext-kernels] got {}, expected odd numbers.",
              kernel);
  }
  return made;
}

NetworkSpec CmunextSpec::network_spec() const {
  Settings settings(cmunext_settings());
  settings.set("cmunext-widths", numbers(widths));
  settings.set("cmunext-blocks", numbers(blocks));
  settings.set("cmunext-kernels", numbers(kernels));
  settings.set("bn-eps", bn_eps);
  settings.set("bn-momentum", bn_momentum);
  settings.set("deep-supervision", std::int64_t{deep_supervision});
  return {"cmunext", in_channels, classes, seed, std::move(settings)};
}

std::vector<Setting> cmunext_settings() {
  const CmunextSpec initial;
  return {
      {"cmunext-widths",
       numbers(initial.widths),
       "Channels of each level",
       {.least = 1, .most = 4096}},
      {"cmunext-blocks",
       numbers(initial.blocks),
       "Large-kernel blocks of each level",
       {.least = 0, .most = 64}},
      {"cmunext-kernels", numbers(initial.kernels), "Their kernels; odd", {.least = 1, .most = 31}},
      {"bn-eps", initial.bn_eps, "Of normalisation", kAboveZero},
      {"bn-momentum", initial.bn_momentum, "Weight of the new value in the running statistics",
       kAboveZeroToOne},
      deep_supervision_setting()};
}

template <class S>
Cmunext<S>::Cmunext(const CmunextSpec& spec, const Compute& compute)
    : Network<S>(spec.network_spec(), compute),
      cmunext_spec_(CmunextSpec::of(this->spec())),
      parts_(std::make_unique<Parts>()) {
  Rng rng(spec.seed, 0x696e6974);  // "init": a stream of its own
  const Making make{cmunext_spec_, rng, compute};
  const std::vector<Index>& widths = cmunext_spec_.widths;
  parts_->stem = std::make_unique<Stem<S>>(make, spec.in_channels, widths.front());
  this->add_child("stem", *parts_->stem);
  Index width = widths.front();
  for (std::size_t level = 0; level < widths.size(); ++level) {
    const std::string name = fmt::format("enc{}", level);
    parts_->encoders.push_back(
        std::make_unique<Encoder<S>>(make, name, width, widths[level], cmunext_spec_.blocks[level],
                                     static_cast<int>(cmunext_spec_.kernels[level])));
    this->add_child(name, *parts_->encoders.back());
    width = widths[level];
  }
  for (std::size_t level = widths.size() - 1; level-- > 0;) {
    const std::string name = fmt::format("dec{}", level);
    parts_->decoders.push_back(
        std::make_unique<Decoder<S>>(make, name, widths[level + 1], widths[level]));
    this->add_child(name, *parts_->decoders.back());
  }
  parts_->heads = make.heads<S>(head_widths(cmunext_spec_));
  parts_->heads->for_each(
      [this](const std::string& name, Conv2d<S>& head) { this->add_child(name, head); });
}

template <class S>
Cmunext<S>::~Cmunext() = default;

template <class S>
std::vector<Variable<S>> Cmunext<S>::logits_of(const Variable<S>& x, WantedHeads wanted) {
  return padded_to(size_multiple(), "cmunext", cmunext_spec_.in_channels, x,
                   [&](const Variable<S>& images) {
                     std::vector<Variable<S>> skips, logits;
                     Variable<S> y = parts_->stem->forward(images);
                     for (const auto& encoder : parts_->encoders) {
                       if (!skips.empty()) y = max_pool2d(skips.back());
                       y = encoder->forward(y);
                       skips.push_back(y);
                     }
                     skips.pop_back();
                     parts_->heads->take(skips.size(), y, wanted, logits);  // of a single level
                     for (const auto& decoder : parts_->decoders) {
                       y = decoder->join(skips.back(), y);
                       skips.pop_back();
                       parts_->heads->take(skips.size(), y, wanted, logits);
                     }
                     return logits;
                   });
}

Index parameter_count(const CmunextSpec& spec) {
  const auto mixing = [](Index in, Index out, Index between) {
    return conv_parameters(1, in, between) + 2 * between + conv_parameters(1, between, out) +
           2 * out;
  };
  Index width = spec.widths.front();
  Index count = conv_parameters(3, spec.in_channels, width) + 2 * width;
  for (std::size_t level = 0; level < spec.levels(); ++level) {
    const Index k = spec.kernels[level], out = spec.widths[level];
    const Index block =
        k * k * width + width + 2 * width + mixing(width, width, kExpansion * width);
    count += spec.blocks[level] * block + conv_parameters(3, width, out) + 2 * out;
    width = out;
  }
  for (std::size_t level = 0; level + 1 < spec.levels(); ++level) {
    const Index C = spec.widths[level];
    count += conv_parameters(3, spec.widths[level + 1], C) + 2 * C;  // up
    count += 2 * conv_parameters(3, C, C) + 2 * 2 * C + mixing(2 * C, C, kExpansion * C);
  }
  return count + head_parameters(head_widths(spec), spec.classes);
}

template class Cmunext<float>;
template class Cmunext<double>;

}  // namespace dmf
