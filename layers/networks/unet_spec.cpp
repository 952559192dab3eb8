#include "layers/networks/unet_spec.h"

#include <algorithm>

#include "engine/core/check.h"
#include "layers/networks/heads.h"

namespace dmf {
namespace {

/// conv and bn of a single block, else conv1, bn1, conv2, ...
///
/// norm    how normalisations are called
/// stride  of the first block
std::vector<ConvBlock> blocks_of(int count, const std::string& norm, Index in, Index out,
                                 int stride) {
  std::vector<ConvBlock> blocks;
  for (int i = 1; i <= count; ++i) {
    const std::string number = count == 1 ? "" : fmt::format("{}", i);
    blocks.push_back({"conv" + number, norm + number, i == 1 ? in : out, out, i == 1 ? stride : 1});
  }
  return blocks;
}

}  // namespace

UNetSpec UNetSpec::of(const UNetPreset& preset, const NetworkSpec& spec) {
  const Settings& settings = spec.settings;
  const EncoderSize size = EncoderSize::of(settings);
  return {preset,
          spec.in_channels,
          spec.classes,
          size.depth,
          size.base_width,
          settings.number("dropout"),
          settings.number("bn-eps"),
          settings.number("bn-momentum"),
          spec.seed,
          size.max_width,
          entry_named(kNorms, settings.text("norm"), "norm").value,
          settings.whole("norm-groups"),
          entry_named(kActivations, settings.text("activation"), "activation").value,
          entry_named(kDowns, settings.text("down"), "down").value,
          settings.flag("attention"),
          static_cast<int>(settings.whole("deep-supervision"))};
}

NetworkSpec UNetSpec::network_spec() const {
  Settings settings(unet_settings());
  size().write_to(settings);
  settings.set("dropout", dropout);
  settings.set("bn-eps", bn_eps);
  settings.set("bn-momentum", bn_momentum);
  settings.set("norm", name_of(kNorms, norm));
  settings.set("norm-groups", norm_groups);
  settings.set("activation", name_of(kActivations, activation));
  settings.set("down", name_of(kDowns, down));
  settings.set("attention", attention);
  settings.set("deep-supervision", std::int64_t{deep_supervision});
  return {std::string(preset.name), in_channels, classes, seed, std::move(settings)};
}

std::vector<Setting> unet_settings() {
  const UNetSpec initial;
  std::vector<Setting> settings = depth_settings();
  const std::vector<Setting> rest = {
      {"dropout", initial.dropout, "Rate, below the first level", kFraction},
      {"bn-eps", initial.bn_eps, "Of normalisation", kAboveZero},
      {"bn-momentum", initial.bn_momentum, "Weight of the new value in the running statistics",
       kAboveZeroToOne},
      max_width_setting(),
      {"norm", name_of(kNorms, initial.norm), help_of(kNorms), {}, names_of(kNorms)},
      {"norm-groups",
       initial.norm_groups,
       "Of --norm group: their greatest common divisor with the channels is taken",
       {.least = 1, .most = 65536}},
      {"activation",
       name_of(kActivations, initial.activation),
       help_of(kActivations),
       {},
       names_of(kActivations)},
      {"down", name_of(kDowns, initial.down), help_of(kDowns), {}, names_of(kDowns)},
      {"attention", initial.attention, "Gates on the skips, which what comes from below opens"},
      deep_supervision_setting()};
  settings.insert(settings.end(), rest.begin(), rest.end());
  return settings;
}

std::vector<LevelSpec> levels(const UNetSpec& spec) {
  using enum LevelSpec::Part;
  const UNetPreset& preset = spec.preset;
  const auto width_of = [size = spec.size()](int depth) { return size.width_of(depth); };
  const std::string bn = spec.norm == NormKind::batch ? "bn" : "norm";
  const int stride = spec.down == Down::stride ? 2 : 1;
  const auto id_of = [](int level) { return static_cast<std::uint32_t>(level); };
  std::vector<LevelSpec> levels;
  Index width = spec.in_channels;
  for (int depth = 0; depth < spec.depth; ++depth) {
    const Index out = width_of(depth);
    const int convs_below = depth + 1 < spec.depth ? preset.encoder_convs : preset.bottleneck_convs;
    levels.push_back({fmt::format("enc{}", depth), encoder, depth, std::nullopt,
                      blocks_of(preset.encoder_convs, bn, width, out, depth == 0 ? 1 : stride),
                      stride == 1 || convs_below == 0, out, depth == 0 ? 0.0 : spec.dropout,
                      id_of(depth)});
    width = out;
  }
  if (preset.bottleneck_convs > 0) {
    const Index out = width_of(spec.depth);
    levels.push_back({"mid", bottleneck, spec.depth, std::nullopt,
                      blocks_of(preset.bottleneck_convs, bn, width, out, stride), false, out,
                      spec.dropout, id_of(spec.depth)});
    width = out;
  }
  for (int depth = spec.depth - 1; depth >= 0; --depth) {
    const Index up = width_of(depth), joined = 2 * up;  // [up, skip]
    const Index out = preset.decoder_convs > 0 ? up : joined;
    const std::string norm = preset.decoder_convs == 1 ? "up_" + bn : bn;  // a block's is "bn" then
    levels.push_back({fmt::format("dec{}", depth), decoder, depth,
                      UpConv{width, up, preset.up_kernel, preset.up_normalised ? norm : ""},
                      blocks_of(preset.decoder_convs, bn, joined, up, 1), false, out,
                      depth == 0 ? 0.0 : spec.dropout, id_of(spec.depth + 1 + depth)});
    if (spec.attention) {
      levels.back().attention = SkipGate{up, up, std::max<Index>(up / 2, 1), bn};
    }
    width = out;
  }
  return levels;
}

std::vector<Index> head_widths(const UNetSpec& spec) {
  std::vector<Index> widths;
  const std::vector<LevelSpec> all = levels(spec);
  const std::size_t deep = deep_heads(spec.deep_supervision, static_cast<std::size_t>(spec.depth));
  for (std::size_t level = 0; level <= deep; ++level) {
    widths.push_back(all[all.size() - 1 - level].out);
  }
  return widths;
}

Index parameter_count(const UNetSpec& spec) {
  Index count = 0;
  for (const LevelSpec& level : levels(spec)) {
    if (level.up) {
      count += conv_parameters(level.up->kernel, level.up->in, level.up->out);
      if (!level.up->norm.empty()) count += 2 * level.up->out;
    }
    if (level.attention) {
      const auto& [skip, below, between, norm] = *level.attention;
      count += conv_parameters(1, skip, between) + conv_parameters(1, below, between) +
               2 * 2 * between + conv_parameters(1, between, 1) + 2;
    }
    for (const ConvBlock& block : level.blocks) {
      count += conv_parameters(3, block.in, block.out) + 2 * block.out;
    }
  }
  return count + head_parameters(head_widths(spec), spec.classes);
}

}  // namespace dmf
