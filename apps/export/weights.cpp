#include "apps/export/weights.h"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/core/check.h"
#include "layers/networks/cmunext.h"
#include "layers/networks/residual_unet.h"

namespace dmf {
namespace {

/// A permutation of the axes of a rank-4 tensor: axis i of the result is axis order[i] of the
/// source.
using AxisOrder = std::array<int, 4>;
constexpr AxisOrder kToOihw = {3, 2, 0, 1};  // HWIO -> OIHW, and HWOI -> IOHW
constexpr AxisOrder kToHwio = {2, 3, 1, 0};

Tensor<float> permuted(const Tensor<float>& from, const AxisOrder& order) {
  const std::array<Index, 4> steps = {from.size(1) * from.size(2) * from.size(3),
                                      from.size(2) * from.size(3), from.size(3), 1};
  const auto size = [&](int i) { return from.size(order[static_cast<std::size_t>(i)]); };
  const auto step = [&](int i) {
    return steps[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
  };
  Tensor<float> to(Shape{size(0), size(1), size(2), size(3)});
  float* next = to.data();
  for (Index a = 0; a < size(0); ++a) {
    for (Index b = 0; b < size(1); ++b) {
      for (Index c = 0; c < size(2); ++c) {
        for (Index d = 0; d < size(3); ++d) {
          *next++ = from.data()[a * step(0) + b * step(1) + c * step(2) + d * step(3)];
        }
      }
    }
  }
  return to;
}

struct Ending {
  const char* ours;
  const char* pytorch;
  const char* keras;
};
// The last word of a tensor's name. Our "weight" and "bias" are a convolution's alone.
constexpr std::array<Ending, 6> kEndings = {{{"weight", "weight", "kernel"},
                                             {"bias", "bias", "bias"},
                                             {"gamma", "weight", "gamma"},
                                             {"beta", "bias", "beta"},
                                             {"running_mean", "running_mean", "moving_mean"},
                                             {"running_var", "running_var", "moving_variance"}}};

std::string name_in(const std::string& ours, WeightsFormat format) {
  if (format == WeightsFormat::ours) return ours;
  const std::size_t dot = ours.rfind('.');
  const std::string ending = ours.substr(dot + 1);
  const auto found = std::find_if(kEndings.begin(), kEndings.end(),
                                  [&](const Ending& each) { return ending == each.ours; });
  return ours.substr(0, dot + 1) +
         (format == WeightsFormat::pytorch ? found->pytorch : found->keras);
}

/// Keras writes "enc0.conv/kernel:0" where we write "enc0.conv.kernel".
std::string without_slashes(std::string name) {
  if (name.ends_with(":0")) name.resize(name.size() - 2);
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

bool is_permuted(const Tensor<float>& tensor, WeightsFormat format) {
  return format == WeightsFormat::pytorch && tensor.shape().rank() == 4;
}

/// The file's tensors under the format's plain names, without what has no counterpart here.
std::map<std::string, Tensor<float>> tensors_of(const Safetensors& file, WeightsFormat format) {
  std::map<std::string, Tensor<float>> tensors;
  for (const auto& [stored, unused] : file.tensors) {
    if (stored.ends_with("num_batches_tracked")) continue;
    const std::string name = format == WeightsFormat::keras ? without_slashes(stored) : stored;
    const bool is_new = tensors.emplace(name, file.get<float>(stored)).second;
    DMF_CHECK(is_new, IoError, "[weights] '{}' is given twice.", name);
  }
  return tensors;
}

/// The layers whose weights tell one U-Net from another.
std::vector<std::string> convolutions_of(const UNetSpec& spec) {
  std::vector<std::string> names;
  for (const LevelSpec& level : levels(spec)) {
    if (level.up) names.push_back(level.name + ".up");
    for (const ConvBlock& block : level.blocks) names.push_back(level.name + "." + block.conv);
  }
  names.emplace_back("head");
  return names;
}

/// What the weights of a file's convolutions tell.
class Reading {
 public:
  Reading(const std::map<std::string, Tensor<float>>& tensors, WeightsFormat format)
      : tensors_(tensors), format_(format) {}

  bool has(const std::string& layer) const {
    return tensors_.contains(name_in(layer + ".weight", format_));
  }
  Index inputs(const std::string& layer) const {
    return weight(layer).size(format_ == WeightsFormat::pytorch ? 1 : 2);
  }
  Index outputs(const std::string& layer) const {
    return weight(layer).size(format_ == WeightsFormat::pytorch ? 0 : 3);
  }
  Index kernel(const std::string& layer) const {
    return weight(layer).size(format_ == WeightsFormat::pytorch ? 2 : 0);
  }
  /// How many there are of those that are named by their number, counted from `first`.
  Index count(const std::string& before, const std::string& behind, Index first = 0) const {
    Index next = first;
    while (has(before + fmt::format("{}", next) + behind)) ++next;
    return next - first;
  }
  int deep_heads() const { return static_cast<int>(count("deep", "", 1)); }

 private:
  const Tensor<float>& weight(const std::string& layer) const {
    const std::string name = name_in(layer + ".weight", format_);
    const auto found = tensors_.find(name);
    DMF_CHECK(found != tensors_.end(), IoError, "[weights] there is no tensor '{}'.", name);
    DMF_CHECK(found->second.shape().rank() == 4, IoError,
              "[weights] '{}' is {}: expected the four axes of a convolution.", name,
              found->second.shape().str());
    return found->second;
  }

  const std::map<std::string, Tensor<float>>& tensors_;
  WeightsFormat format_;
};

/// The limit of the widths, where the widest level is not what doubling would have come to.
Index width_limit(Index base_width, int depth, Index widest) {
  return widest >= base_width && widest < base_width << depth ? widest : 0;
}

/// Of all U-Nets that with most of its layers there, and its sizes.
UNetSpec unet_from(const Reading& reading, const UNetSpec& rest) {
  UNetSpec spec = rest;
  int best = std::numeric_limits<int>::min();
  for (const UNetPreset& preset : kUNetPresets) {
    for (int depth = 1; depth <= kDeepestEncoder; ++depth) {
      UNetSpec candidate = rest;
      candidate.preset = preset;
      candidate.depth = depth;
      int there = 0;
      for (const std::string& layer : convolutions_of(candidate)) {
        there += reading.has(layer) ? 1 : -1;
      }
      if (there > best) spec = candidate;
      best = std::max(best, there);
    }
  }
  const std::string first = convolutions_of(spec).front();
  spec.in_channels = reading.inputs(first);
  spec.base_width = reading.outputs(first);
  spec.classes = reading.outputs("head");
  const LevelSpec* lowest = nullptr;
  const std::vector<LevelSpec> all = levels(spec);
  for (const LevelSpec& level : all) {
    if (level.part != LevelSpec::Part::decoder) lowest = &level;
  }
  spec.max_width = width_limit(spec.base_width, lowest->depth,
                               reading.outputs(lowest->name + "." + lowest->blocks.back().conv));
  spec.attention = reading.has("dec0.attention.psi");
  spec.deep_supervision = reading.deep_heads();
  return spec;
}

CmunextSpec cmunext_from(const Reading& reading, const UNetSpec& rest) {
  CmunextSpec spec{.widths = {}, .blocks = {}, .kernels = {}};
  spec.deep_supervision = reading.deep_heads();
  spec.bn_eps = rest.bn_eps;
  spec.in_channels = reading.inputs("stem.conv");
  spec.classes = reading.outputs("head");
  for (Index level = 0; level < reading.count("enc", ".conv"); ++level) {
    const std::string encoder = fmt::format("enc{}", level);
    spec.widths.push_back(reading.outputs(encoder + ".conv"));
    spec.blocks.push_back(reading.count(encoder + ".block", ".depthwise"));
    spec.kernels.push_back(spec.blocks.back() == 0 ? 1
                                                   : reading.kernel(encoder + ".block0.depthwise"));
  }
  return spec;
}

ResidualUNetSpec residual_from(const Reading& reading) {
  ResidualUNetSpec spec{.blocks = {}};
  spec.deep_supervision = reading.deep_heads();
  spec.in_channels = reading.inputs("stem.conv");
  spec.classes = reading.outputs("head");
  const Index levels = reading.count("enc", ".block0.conv1");
  spec.size.depth = static_cast<int>(std::clamp<Index>(levels - 1, 1, kDeepestEncoder));
  spec.size.base_width = reading.outputs("stem.conv");
  for (Index level = 0; level < levels; ++level) {
    spec.blocks.push_back(reading.count(fmt::format("enc{}.block", level), ".conv1"));
  }
  spec.size.max_width =
      width_limit(spec.size.base_width, spec.size.depth,
                  reading.outputs(fmt::format("enc{}.block0.conv1", spec.size.depth)));
  return spec;
}

/// What only the tensors tell.
NetworkSpec spec_from(const Reading& reading, const UNetSpec& rest) {
  if (reading.has("enc0.block0.conv1")) return residual_from(reading).network_spec();
  if (reading.has("stem.conv")) return cmunext_from(reading, rest).network_spec();
  return unet_from(reading, rest).network_spec();
}

}  // namespace

Safetensors export_weights(const Network<float>& network, WeightsFormat format) {
  Safetensors file;
  for (const auto& [name, tensor] : network.named_tensors()) {
    file.set(name_in(name, format),
             is_permuted(tensor, format) ? permuted(tensor, kToOihw) : tensor);
  }
  return file;
}

std::unique_ptr<Network<float>> import_weights(const Safetensors& file, WeightsFormat format,
                                               const UNetSpec& rest) {
  std::map<std::string, Tensor<float>> given = tensors_of(file, format);
  const NetworkSpec network_spec = spec_from(Reading(given, format), rest);
  Index held = 0;
  for (const auto& [name, tensor] : given) held += tensor.numel();
  DMF_CHECK(parameter_count(network_spec) <= held, IoError,
            "[weights] {} numbers are too few for the network that their shapes tell of.", held);
  auto network = make_network<float>(network_spec);
  for (const auto& [ours, tensor] : network->named_tensors()) {
    const std::string name = name_in(ours, format);
    const auto found = given.find(name);
    DMF_CHECK(found != given.end(), IoError, "[weights] there is no tensor '{}'.", name);
    Tensor<float> value = found->second;
    DMF_CHECK(value.shape().rank() == tensor.shape().rank(), IoError,
              "[weights] '{}' is {}: expected {} axes.", name, value.shape().str(),
              tensor.shape().rank());
    if (is_permuted(value, format)) value = permuted(value, kToHwio);
    DMF_CHECK(value.shape() == tensor.shape(), IoError,
              "[weights] '{}' is {} in our layout: the network's is {}.", name, value.shape().str(),
              tensor.shape().str());
    tensor.copy_from(value);
    given.erase(found);
  }
  DMF_CHECK(given.empty(), IoError, "[weights] the network has no '{}'.", given.begin()->first);
  network->train(false);
  return network;
}

}  // namespace dmf
