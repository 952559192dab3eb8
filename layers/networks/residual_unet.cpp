#include "layers/networks/residual_unet.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/depthwise_conv2d.h"
#include "engine/ops/elementwise.h"
#include "layers/conv2d.h"
#include "layers/networks/padded.h"

namespace dmf {
namespace {

constexpr Init kInit = Init::he_normal;

NormSpec norm_spec(Activation activation) {
  return {.kind = NormKind::instance, .activation = activation};
}

/// A convolution, instance norm, and leaky ReLU or nothing.
template <class S>
struct ConvNorm {
  std::unique_ptr<Conv2d<S>> conv;
  NormActivation<S> norm;

  ConvNorm(Index in, Index out, int kernel, int stride, bool bias, Activation activation, Rng& rng,
           const Compute& compute)
      : conv(std::make_unique<Conv2d<S>>(in, out, kernel, kInit, rng, compute, stride, bias)),
        norm("", out, norm_spec(activation), compute.device) {}

  Variable<S> forward(const Variable<S>& x) { return norm.after(*conv, x); }
};

/// The mean of each 2 x 2 pixels: a depthwise convolution by quarters, which nothing trains.
template <class S>
class MeanPool2d {
 public:
  MeanPool2d(Index channels, Device device)
      : quarters_(Tensor<S>::full(Shape{2, 2, 1, channels}, S{0.25}, device)) {}

  Variable<S> forward(const Variable<S>& x) const {
    return depthwise_conv2d(x, quarters_, Variable<S>(), {2, 2, {}});
  }

 private:
  Variable<S> quarters_;
};

template <class S>
struct ResidualBlock final : Module<S> {
  ResidualBlock(Index in, Index out, int stride, Rng& rng, const Compute& compute)
      : Module<S>(compute.device),
        first(in, out, 3, stride, true, Activation::leaky_relu, rng, compute),
        second(out, out, 3, 1, true, Activation::none, rng, compute) {
    this->add_child("conv1", *first.conv);
    this->add_child("norm1", first.norm.norm());
    this->add_child("conv2", *second.conv);
    this->add_child("norm2", second.norm.norm());
    if (stride == 2) mean.emplace(in, compute.device);
    if (in == out) return;
    project.emplace(in, out, 1, 1, false, Activation::none, rng, compute);
    this->add_child("project", *project->conv);
    this->add_child("project_norm", project->norm.norm());
  }

  Variable<S> forward(const Variable<S>& x) override {
    Variable<S> shortcut = mean ? mean->forward(x) : x;
    if (project) shortcut = project->forward(shortcut);
    return activate(Activation::leaky_relu, second.forward(first.forward(x)) + shortcut);
  }

  ConvNorm<S> first, second;
  std::optional<MeanPool2d<S>> mean;  // where the block halves the size
  std::optional<ConvNorm<S>> project;
};

template <class S>
struct Encoder final : Module<S> {
  Encoder(Index in, Index out, int stride, Index count, Rng& rng, const Compute& compute)
      : Module<S>(compute.device) {
    for (Index b = 0; b < count; ++b) {
      blocks.push_back(std::make_unique<ResidualBlock<S>>(b == 0 ? in : out, out,
                                                          b == 0 ? stride : 1, rng, compute));
      this->add_child(fmt::format("block{}", b), *blocks.back());
    }
  }

  Variable<S> forward(const Variable<S>& x) override {
    Variable<S> y = x;
    for (const auto& block : blocks) y = block->forward(y);
    return y;
  }

  std::vector<std::unique_ptr<ResidualBlock<S>>> blocks;
};

template <class S>
struct Decoder final : Module<S> {
  Decoder(Index in, Index out, Rng& rng, const Compute& compute)
      : Module<S>(compute.device),
        up(in, out, 2, 2, kInit, rng, compute),
        conv(2 * out, out, 3, 1, true, Activation::leaky_relu, rng, compute) {
    this->add_child("up", up);
    this->add_child("conv", *conv.conv);
    this->add_child("norm", conv.norm.norm());
  }

  /// x  of what came from below and the skip, side by side
  Variable<S> forward(const Variable<S>& x) override { return conv.forward(x); }
  Variable<S> join(const Variable<S>& skip, const Variable<S>& below) {
    return forward(concat<S>({up.forward(below), skip}));
  }

  ConvTranspose2d<S> up;
  ConvNorm<S> conv;
};

template <class S>
struct Stem final : Module<S> {
  Stem(Index in, Index out, Rng& rng, const Compute& compute)
      : Module<S>(compute.device), conv(in, out, 3, 1, true, Activation::leaky_relu, rng, compute) {
    this->add_child("conv", *conv.conv);
    this->add_child("norm", conv.norm.norm());
  }
  Variable<S> forward(const Variable<S>& x) override { return conv.forward(x); }

  ConvNorm<S> conv;
};

}  // namespace

template <class S>
struct ResidualUNet<S>::Parts {
  std::unique_ptr<Stem<S>> stem;
  std::vector<std::unique_ptr<Encoder<S>>> encoders;  // from the image's size down
  std::vector<std::unique_ptr<Decoder<S>>> decoders;  // from below up
  std::unique_ptr<Heads<S>> heads;
};

namespace {

std::vector<Index> head_widths(const ResidualUNetSpec& spec) {
  std::vector<Index> widths;
  const std::size_t deep =
      deep_heads(spec.deep_supervision, static_cast<std::size_t>(spec.size.depth));
  for (int level = 0; level <= static_cast<int>(deep); ++level) {
    widths.push_back(spec.size.width_of(level));
  }
  return widths;
}

}  // namespace

ResidualUNetSpec ResidualUNetSpec::of(const NetworkSpec& spec) {
  ResidualUNetSpec made{
      spec.in_channels, spec.classes, EncoderSize::of(spec.settings), {}, spec.seed};
  made.deep_supervision = static_cast<int>(spec.settings.whole("deep-supervision"));
  for (const double count : spec.settings.list("residual-blocks")) {
    DMF_CHECK(count == std::floor(count), ValueError,
              "[residual-blocks] got {}, expected whole numbers.", count);
    made.blocks.push_back(static_cast<Index>(count));
  }
  DMF_CHECK(!made.blocks.empty(), ValueError,
            "[residual-blocks] got none, expected one for each level or the last repeated.");
  return made;
}

NetworkSpec ResidualUNetSpec::network_spec() const {
  Settings settings(residual_settings());
  size.write_to(settings);
  settings.set("residual-blocks", std::vector<double>(blocks.begin(), blocks.end()));
  settings.set("deep-supervision", std::int64_t{deep_supervision});
  return {"residual", in_channels, classes, seed, std::move(settings)};
}

std::vector<Setting> residual_settings() {
  const ResidualUNetSpec initial;
  std::vector<Setting> settings = depth_settings();
  settings.push_back(max_width_setting());
  settings.push_back({"residual-blocks",
                      std::vector<double>(initial.blocks.begin(), initial.blocks.end()),
                      "Residual blocks of each level; those below have the last one's",
                      {.least = 1, .most = 64}});
  settings.push_back(deep_supervision_setting());
  return settings;
}

Index ResidualUNetSpec::blocks_of(int level) const {
  return blocks[std::min(static_cast<std::size_t>(level), blocks.size() - 1)];
}

template <class S>
ResidualUNet<S>::ResidualUNet(const ResidualUNetSpec& spec, const Compute& compute)
    : Network<S>(spec.network_spec(), compute),
      residual_spec_(ResidualUNetSpec::of(this->spec())),
      parts_(std::make_unique<Parts>()) {
  Rng rng(spec.seed, 0x696e6974);  // "init": a stream of its own
  const int depth = spec.size.depth;
  const auto width = [&spec](int level) { return spec.size.width_of(level); };
  parts_->stem = std::make_unique<Stem<S>>(spec.in_channels, width(0), rng, compute);
  this->add_child("stem", *parts_->stem);
  for (int level = 0; level <= depth; ++level) {
    parts_->encoders.push_back(std::make_unique<Encoder<S>>(
        width(std::max(level - 1, 0)), width(level), level == 0 ? 1 : 2,
        residual_spec_.blocks_of(level), rng, compute));
    this->add_child(fmt::format("enc{}", level), *parts_->encoders.back());
  }
  for (int level = depth - 1; level >= 0; --level) {
    parts_->decoders.push_back(
        std::make_unique<Decoder<S>>(width(level + 1), width(level), rng, compute));
    this->add_child(fmt::format("dec{}", level), *parts_->decoders.back());
  }
  parts_->heads =
      std::make_unique<Heads<S>>(head_widths(residual_spec_), spec.classes, kInit, rng, compute);
  parts_->heads->for_each(
      [this](const std::string& name, Conv2d<S>& head) { this->add_child(name, head); });
}

template <class S>
ResidualUNet<S>::~ResidualUNet() = default;

template <class S>
std::vector<Variable<S>> ResidualUNet<S>::logits_of(const Variable<S>& x, WantedHeads wanted) {
  return padded_to(size_multiple(), "residual", residual_spec_.in_channels, x,
                   [&](const Variable<S>& images) {
                     std::vector<Variable<S>> skips, logits;
                     Variable<S> y = parts_->stem->forward(images);
                     for (const auto& encoder : parts_->encoders) {
                       y = encoder->forward(y);
                       skips.push_back(y);
                     }
                     skips.pop_back();
                     for (const auto& decoder : parts_->decoders) {
                       y = decoder->join(skips.back(), y);
                       skips.pop_back();
                       parts_->heads->take(skips.size(), y, wanted, logits);
                     }
                     return logits;
                   });
}

Index parameter_count(const ResidualUNetSpec& spec) {
  const int depth = spec.size.depth;
  Index width = spec.size.width_of(0);
  Index count = conv_parameters(3, spec.in_channels, width) + 2 * width;
  for (int level = 0; level <= depth; ++level) {
    const Index out = spec.size.width_of(level);
    for (Index b = 0; b < spec.blocks_of(level); ++b) {
      count += conv_parameters(3, width, out) + 2 * out + conv_parameters(3, out, out) + 2 * out;
      if (width != out) count += width * out + 2 * out;
      width = out;
    }
  }
  for (int level = depth - 1; level >= 0; --level) {
    const Index out = spec.size.width_of(level);
    count += conv_parameters(2, spec.size.width_of(level + 1), out) +
             conv_parameters(3, 2 * out, out) + 2 * out;
  }
  return count + head_parameters(head_widths(spec), spec.classes);
}

template class ResidualUNet<float>;
template class ResidualUNet<double>;

}  // namespace dmf
