#include "layers/unet_spec.h"

#include "engine/core/check.h"

namespace dmf {
namespace {

/// conv and bn of a single block, else conv1, bn1, conv2, ...
std::vector<ConvBlock> blocks_of(int count, Index in, Index out) {
  std::vector<ConvBlock> blocks;
  for (int i = 1; i <= count; ++i) {
    const std::string number = count == 1 ? "" : fmt::format("{}", i);
    blocks.push_back({"conv" + number, "bn" + number, i == 1 ? in : out, out});
  }
  return blocks;
}

Index conv_parameters(Index kernel, Index in, Index out) {
  return kernel * kernel * in * out + out;
}

}  // namespace

UNetSpec UNetSpec::of(const UNetPreset& preset, const NetworkSpec& spec) {
  const Settings& settings = spec.settings;
  return {preset,
          spec.in_channels,
          spec.classes,
          static_cast<int>(settings.whole("depth")),
          settings.whole("base-width"),
          settings.number("dropout"),
          settings.number("bn-eps"),
          settings.number("bn-momentum"),
          spec.seed};
}

NetworkSpec UNetSpec::network_spec() const {
  Settings settings(unet_settings());
  settings.set("depth", std::int64_t{depth});
  settings.set("base-width", base_width);
  settings.set("dropout", dropout);
  settings.set("bn-eps", bn_eps);
  settings.set("bn-momentum", bn_momentum);
  return {std::string(preset.name), in_channels, classes, seed, std::move(settings)};
}

std::vector<Setting> unet_settings() {
  const UNetSpec initial;
  return {
      {"depth", std::int64_t{initial.depth}, "Levels", {.least = 1, .most = 8}},
      {"base-width", initial.base_width, "Channels of the first level", {.least = 1, .most = 1024}},
      {"dropout", initial.dropout, "Rate, below the first level", kFraction},
      {"bn-eps", initial.bn_eps, "Of batch normalisation", kAboveZero},
      {"bn-momentum", initial.bn_momentum, "Weight of the new value in the running statistics",
       kAboveZeroToOne}};
}

std::vector<LevelSpec> levels(const UNetSpec& spec) {
  using enum LevelSpec::Part;
  const UNetPreset& preset = spec.preset;
  const auto width_of = [&spec](int depth) { return spec.base_width << depth; };
  const auto id_of = [](int level) { return static_cast<std::uint32_t>(level); };
  std::vector<LevelSpec> levels;
  Index width = spec.in_channels;
  for (int depth = 0; depth < spec.depth; ++depth) {
    const Index out = width_of(depth);
    levels.push_back({fmt::format("enc{}", depth), encoder, depth, std::nullopt,
                      blocks_of(preset.encoder_convs, width, out), out,
                      depth == 0 ? 0.0 : spec.dropout, id_of(depth)});
    width = out;
  }
  if (preset.bottleneck_convs > 0) {
    const Index out = width_of(spec.depth);
    levels.push_back({"mid", bottleneck, spec.depth, std::nullopt,
                      blocks_of(preset.bottleneck_convs, width, out), out, spec.dropout,
                      id_of(spec.depth)});
    width = out;
  }
  for (int depth = spec.depth - 1; depth >= 0; --depth) {
    const Index up = width_of(depth), joined = 2 * up;  // [up, skip]
    const Index out = preset.decoder_convs > 0 ? up : joined;
    const std::string norm = preset.decoder_convs == 1 ? "up_bn" : "bn";  // a block's is "bn" then
    levels.push_back({fmt::format("dec{}", depth), decoder, depth,
                      UpConv{width, up, preset.up_kernel, preset.up_normalised ? norm : ""},
                      blocks_of(preset.decoder_convs, joined, up), out,
                      depth == 0 ? 0.0 : spec.dropout, id_of(spec.depth + 1 + depth)});
    width = out;
  }
  return levels;
}

Index parameter_count(const UNetSpec& spec) {
  Index count = 0;
  const std::vector<LevelSpec> all = levels(spec);
  for (const LevelSpec& level : all) {
    if (level.up) {
      count += conv_parameters(level.up->kernel, level.up->in, level.up->out);
      if (!level.up->norm.empty()) count += 2 * level.up->out;
    }
    for (const ConvBlock& block : level.blocks) {
      count += conv_parameters(3, block.in, block.out) + 2 * block.out;
    }
  }
  return count + conv_parameters(1, all.back().out, spec.classes);
}

}  // namespace dmf
