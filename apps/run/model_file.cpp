#include "apps/run/model_file.h"

#include <algorithm>
#include <array>

#include "apps/run/run_identity.h"
#include "apps/support/option_values.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::string_view kFormat = "dmf-unet";
constexpr int kVersion = 1;

/// Settings that every file of version 1 has. Those that came later are written where they are not at
/// their defaults, and have these in a file without: older programs go on reading what they can.
constexpr std::array<std::string_view, 5> kSettingsOfOld = {"depth", "base-width", "dropout",
                                                            "bn-eps", "bn-momentum"};

bool is_of_old(const Setting& setting) {
  return std::find(kSettingsOfOld.begin(), kSettingsOfOld.end(), setting.name) !=
         kSettingsOfOld.end();
}

/// "network.base_width" of base-width
std::string key_of(const Setting& setting) {
  std::string key = "network." + setting.name;
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

Metadata network_metadata(const NetworkSpec& spec) {
  Metadata metadata = {{"format", std::string(kFormat)},
                       {"version", fmt::format("{}", kVersion)},
                       {"network.variant", spec.name},
                       {"network.in_channels", fmt::format("{}", spec.in_channels)},
                       {"network.classes", fmt::format("{}", spec.classes)}};
  for (const Setting& setting : spec.settings.all()) {
    const Setting::Value& value = spec.settings.value(setting.name);
    if (!is_of_old(setting) && value == setting.initial) continue;
    metadata[key_of(setting)] = setting_text(value);
  }
  return metadata;
}

NetworkSpec spec_from(const Metadata& metadata) {
  NetworkSpec spec = network_spec(metadata_text(metadata, "network.variant"));
  spec.in_channels = static_cast<Index>(metadata_number(metadata, "network.in_channels", 1, 1e6));
  spec.classes = static_cast<Index>(metadata_number(metadata, "network.classes", 2, 256));
  for (const Setting& setting : spec.settings.all()) {
    const std::string key = key_of(setting);
    if (!is_of_old(setting) && !metadata.contains(key)) continue;
    const std::string text = metadata_text(metadata, key);
    const std::optional<Setting::Value> value = parse_setting(setting, text);
    const std::string problem = value ? setting.problem(*value) : "it is of another type";
    DMF_CHECK(problem.empty(), IoError, "metadata '{}' is '{}': {}.", key, text, problem);
    spec.settings.set(setting.name, *value);
  }
  return spec;
}

Model parse_model(const Safetensors& file, Device device) {
  DMF_CHECK(metadata_text(file.metadata, "format") == kFormat, IoError,
            "its format is '{}': expected '{}'.", file.metadata.at("format"), kFormat);
  const double version = metadata_number(file.metadata, "version", 0, 1e6);
  DMF_CHECK(version <= kVersion, IoError,
            "it has version {}: this program reads up to {}. Use a newer one.", version, kVersion);
  DMF_CHECK(file.verified, IoError, "it has no checksum: this program's files have one.");
  const NetworkSpec spec = spec_from(file.metadata);
  Index stored = 0;
  for (const auto& [name, tensor] : file.tensors) stored += tensor.shape.numel();
  DMF_CHECK(parameter_count(spec) <= stored, IoError,
            "it holds {} numbers: too few for the network it names.", stored);

  Model model{make_network<float>(spec, device), PreprocessSpec::from_metadata(file.metadata)};
  if (const auto run = file.metadata.find("run"); run != file.metadata.end()) {
    model.run = run->second;
  }
  if (file.metadata.contains("mask.kind")) model.masks = MaskEncoding::from_metadata(file.metadata);
  DMF_CHECK(model.preprocess.channels == spec.in_channels, IoError,
            "its images have {} channels, its network takes {}.", model.preprocess.channels,
            spec.in_channels);
  const auto tensors = model.network->named_tensors();
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

Safetensors model_content(const Network<float>& network, const PreprocessSpec& preprocess,
                          const std::string& run, const MaskEncoding* masks) {
  Safetensors file;
  file.metadata = network_metadata(network.spec());
  file.metadata.merge(preprocess.to_metadata());
  if (!run.empty()) file.metadata["run"] = run;
  if (masks != nullptr) file.metadata.merge(masks->to_metadata());
  for (const auto& [name, tensor] : network.named_tensors()) file.set(name, tensor);
  return file;
}

void save_model(const std::filesystem::path& path, const Network<float>& network,
                const PreprocessSpec& preprocess, const std::string& run,
                const MaskEncoding* masks) {
  write_safetensors(path, model_content(network, preprocess, run, masks));
}

Model load_model(const std::filesystem::path& path, Device device) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  if (folder) require_one_run(path);
  const std::filesystem::path file = folder ? path / "best.safetensors" : path;
  const Safetensors content = read_safetensors(file);
  try {
    return parse_model(content, device);
  } catch (const Error& problem) {
    throw IoError(fmt::format("[model] {}: {}", file.string(), problem.what()));
  }
}

}  // namespace dmf
