#include "apps/training/checkpoint.h"

#include <set>

#include "engine/core/check.h"
#include "engine/io/safetensors.h"

namespace dmf {
namespace {

constexpr std::string_view kFormat = "dmf-unet";
constexpr int kVersion = 1;

using Metadata = std::map<std::string, std::string>;

const std::string& value_of(const Metadata& metadata, const std::string& key) {
  const auto it = metadata.find(key);
  DMF_CHECK(it != metadata.end(), IoError, "the metadata has no '{}': not a model of this program.",
            key);
  return it->second;
}

double number_of(const Metadata& metadata, const std::string& key) {
  const std::string& text = value_of(metadata, key);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  DMF_CHECK(end != text.c_str() && *end == '\0' && value >= 0.0 && value <= 1e6, IoError,
            "metadata '{}' is '{}': expected a number from 0 to 1e6.", key, text);
  return value;
}

Metadata network_metadata(const UNetSpec& spec) {
  return {{"format", std::string(kFormat)},
          {"version", fmt::format("{}", kVersion)},
          {"network.variant", variant_name(spec.variant)},
          {"network.in_channels", fmt::format("{}", spec.in_channels)},
          {"network.classes", fmt::format("{}", spec.classes)},
          {"network.depth", fmt::format("{}", spec.depth)},
          {"network.base_width", fmt::format("{}", spec.base_width)},
          {"network.dropout", fmt::format("{}", spec.dropout)},
          {"network.bn_eps", fmt::format("{}", spec.bn_eps)},
          {"network.bn_momentum", fmt::format("{}", spec.bn_momentum)}};
}

UNetSpec spec_from(const Metadata& metadata) {
  UNetSpec spec;
  spec.variant = variant_named(value_of(metadata, "network.variant"));
  spec.in_channels = static_cast<Index>(number_of(metadata, "network.in_channels"));
  spec.classes = static_cast<Index>(number_of(metadata, "network.classes"));
  spec.depth = static_cast<int>(number_of(metadata, "network.depth"));
  spec.base_width = static_cast<Index>(number_of(metadata, "network.base_width"));
  spec.dropout = number_of(metadata, "network.dropout");
  spec.bn_eps = number_of(metadata, "network.bn_eps");
  spec.bn_momentum = number_of(metadata, "network.bn_momentum");
  return spec;
}

/// Every tensor the network keeps, by checkpoint key; the handles are the network's own.
std::map<std::string, Tensor<float>> tensors_of(const UNet<float>& network) {
  std::map<std::string, Tensor<float>> tensors;
  for (const auto& p : network.named_parameters()) tensors.emplace(p.name, p.variable.value());
  for (const auto& b : network.named_buffers()) tensors.emplace(b.name, b.tensor);
  return tensors;
}

Model parse_model(const Safetensors& file) {
  DMF_CHECK(value_of(file.metadata, "format") == kFormat, IoError,
            "its format is '{}': expected '{}'.", file.metadata.at("format"), kFormat);
  const double version = number_of(file.metadata, "version");
  DMF_CHECK(version <= kVersion, IoError,
            "it has version {}: this program reads up to {}. Use a newer one.", version, kVersion);
  const UNetSpec spec = spec_from(file.metadata);
  spec.validate();
  // The largest weight is known from the spec: a small file must not make us build a huge network.
  const Index widest = spec.base_width << spec.depth;
  DMF_CHECK(widest <= (Index{1} << 14), IoError,
            "its network is {} channels wide: expected at most {}.", widest, Index{1} << 14);
  const Index claimed = 9 * (widest / 2) * (widest / 4);
  Index stored = 0;
  for (const auto& [name, tensor] : file.tensors) stored += tensor.shape.numel();
  DMF_CHECK(claimed <= stored, IoError, "it holds {} numbers: too few for the network it names.",
            stored);

  Model model{std::make_unique<UNet<float>>(spec), PreprocessSpec::from_metadata(file.metadata)};
  DMF_CHECK(model.preprocess.channels == spec.in_channels, IoError,
            "its images have {} channels, its network takes {}.", model.preprocess.channels,
            spec.in_channels);
  const auto tensors = tensors_of(*model.network);
  for (const auto& [name, tensor] : file.tensors) {
    DMF_CHECK(tensors.contains(name), IoError, "it holds '{}', which the network has not.", name);
  }
  for (const auto& [name, tensor] : tensors) {
    const Tensor<float> stored_tensor = file.get<float>(name);
    DMF_CHECK(stored_tensor.shape() == tensor.shape(), IoError, "'{}' is {}: the network's is {}.",
              name, stored_tensor.shape().str(), tensor.shape().str());
    tensor.copy_from(stored_tensor);
  }
  model.network->train(false);
  return model;
}

}  // namespace

void save_model(const std::filesystem::path& path, const UNet<float>& network,
                const PreprocessSpec& preprocess) {
  Safetensors file;
  file.metadata = network_metadata(network.spec());
  file.metadata.merge(preprocess.to_metadata());
  for (const auto& [name, tensor] : tensors_of(network)) file.set(name, tensor);
  write_safetensors(path, file);
}

Model load_model(const std::filesystem::path& path) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  const std::filesystem::path file = folder ? path / "best.safetensors" : path;
  const Safetensors content = read_safetensors(file);
  try {
    return parse_model(content);
  } catch (const Error& problem) {
    throw IoError(fmt::format("[model] {}: {}", file.string(), problem.what()));
  }
}

}  // namespace dmf
