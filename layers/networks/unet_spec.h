#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layers/init.h"
#include "layers/networks/encoder_size.h"
#include "layers/networks/network.h"
#include "layers/norm_activation.h"

namespace dmf {

/// What tells one kind of U-Net from another, beside its sizes.
struct UNetPreset {
  std::string_view name, help;
  int encoder_convs;     // in every level of the way down
  int bottleneck_convs;  // below it; 0: the way up begins at the last pooled output
  int decoder_convs;     // behind every skip; 0: none
  int up_kernel;         // of the transposed convolutions, whose stride is 2
  bool up_normalised;    // batch norm and ReLU behind those
  Init init;
};

/// The authors' demo of Dynamic Memory Fusion.
inline constexpr UNetPreset kPaperUNet = {
    .name = "paper",
    .help = "the authors' U-Net",
    .encoder_convs = 1,
    .bottleneck_convs = 0,
    .decoder_convs = 0,
    .up_kernel = 3,
    .up_normalised = true,
    .init = Init::glorot_uniform,
};
/// Ronneberger et al. 2015, with batch norm.
inline constexpr UNetPreset kClassicUNet = {
    .name = "classic",
    .help = "Ronneberger's",
    .encoder_convs = 2,
    .bottleneck_convs = 2,
    .decoder_convs = 2,
    .up_kernel = 2,
    .up_normalised = false,
    .init = Init::he_normal,
};
inline constexpr std::array kUNetPresets = {kPaperUNet, kClassicUNet};

/// How a level's images come to half their size.
enum class Down {
  pool,    // 2 x 2 max pooling behind the level above
  stride,  // the level's first convolution has stride 2; one without convolutions is pooled into
};
inline constexpr std::array<Named<Down>, 2> kDowns = {
    {{"pool", Down::pool, "2 x 2 max pooling"},
     {"stride", Down::stride, "the level's first convolution has stride 2"}}};

/// Everything that defines a U-Net.
struct UNetSpec {
  UNetPreset preset = kPaperUNet;
  Index in_channels = 1;
  Index classes = 2;
  int depth = 4;  // as EncoderSize's
  Index base_width = 32;
  double dropout = 0.0;  // rate, behind every level below level 0
  double bn_eps = 1e-5;  // of every kind of normalisation
  double bn_momentum = 0.1;
  std::uint64_t seed = 1;  // of the initial weights and the dropout masks
  Index max_width = 0;
  NormKind norm = NormKind::batch;
  Index norm_groups = 8;
  Activation activation = Activation::relu;
  Down down = Down::pool;
  bool attention = false;    // gates on the skips
  int deep_supervision = 0;  // at most so many levels below 0 with heads of their own

  EncoderSize size() const { return {depth, base_width, max_width}; }
  NormSpec norm_spec() const { return {norm, activation, norm_groups, bn_eps, bn_momentum}; }
  /// throws  ValueError for a depth that is not known yet
  static UNetSpec of(const UNetPreset& preset, const NetworkSpec& spec);
  /// throws  ValueError naming the setting whose value it does not take
  NetworkSpec network_spec() const;
};

/// What can be set of a U-Net, with its ranges; the defaults are UNetSpec's.
std::vector<Setting> unet_settings();

/// A convolution of 3 x 3, then a normalisation with its activation: their names in the level,
/// channels, and the stride.
struct ConvBlock {
  std::string conv, norm;
  Index in, out;
  int stride;
};

/// A transposed convolution "up" of stride 2.
struct UpConv {
  Index in, out;
  int kernel;
  std::string norm;  // of the normalisation and activation behind it; empty without
};

/// "attention", a gate on a decoder's skip.
struct SkipGate {
  Index skip, below, between;  // channels
  std::string norm;            // how its normalisations' names end
};

/// A level of a U-Net. An encoder's output goes to the decoder of its depth, as the skip, and,
/// through a 2 x 2 max pooling where it is pooled, to what is below; a decoder brings what comes from below to its size,
/// and joins the skip behind it. Then come the blocks, then dropout.
struct LevelSpec {
  enum class Part { encoder, bottleneck, decoder };

  std::string name;  // "enc0", "mid", "dec0"
  Part part;
  int depth;                 // its pixels are 2^depth of the image's wide
  std::optional<UpConv> up;  // a decoder's
  std::vector<ConvBlock> blocks;
  bool pooled;                             // an encoder's
  Index out;                               // channels that leave it
  double dropout;                          // rate
  std::uint32_t id;                        // of what dropout draws
  std::optional<SkipGate> attention = {};  // a decoder's
};

/// The U-Net's topology: its levels in the order in which they compute. Behind the last one comes
/// "head", a 1 x 1 convolution to the classes; see Heads for those behind the ones before.
std::vector<LevelSpec> levels(const UNetSpec& spec);

/// Channels that leave the levels with a head: level 0, then those below it.
std::vector<Index> head_widths(const UNetSpec& spec);

/// How many parameters it has.
Index parameter_count(const UNetSpec& spec);

}  // namespace dmf
