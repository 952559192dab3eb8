#include "apps/run/model_file.h"

#include <algorithm>
#include <array>

#include "apps/run/run_identity.h"
#include "apps/support/option_values.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::string_view kFormat = "dmf-unet", kEnsembleFormat = "dmf-ensemble";
constexpr double kMostMembers = 1000;
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
  Metadata metadata = {{"network.variant", spec.name},
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

Metadata facts_metadata(const ModelFacts& facts) {
  Metadata metadata = facts.preprocess.to_metadata();
  metadata.merge(facts.inference.to_metadata());
  if (!facts.run.empty()) metadata["run"] = facts.run;
  if (facts.masks) metadata.merge(facts.masks->to_metadata());
  return metadata;
}

ModelFacts facts_from(const Metadata& metadata) {
  ModelFacts facts{PreprocessSpec::from_metadata(metadata), Inference::from_metadata(metadata)};
  if (const auto run = metadata.find("run"); run != metadata.end()) facts.run = run->second;
  if (metadata.contains("mask.kind")) facts.masks = MaskEncoding::from_metadata(metadata);
  return facts;
}

std::string member_prefix(std::size_t member) {
  return fmt::format("member{}.", member);
}

/// A network's share of a file: the metadata and tensors whose names begin so, without that.
Safetensors part_of(const Safetensors& file, const std::string& prefix) {
  Safetensors part;
  for (const auto& [key, text] : file.metadata) {
    if (key.starts_with(prefix)) part.metadata[key.substr(prefix.size())] = text;
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(prefix)) part.tensors.emplace(name.substr(prefix.size()), tensor);
  }
  return part;
}

std::unique_ptr<Network<float>> network_from(const Safetensors& file, const Compute& compute) {
  const NetworkSpec spec = spec_from(file.metadata);
  Index stored = 0;
  for (const auto& [name, tensor] : file.tensors) stored += tensor.shape.numel();
  DMF_CHECK(parameter_count(spec) <= stored, IoError,
            "it holds {} numbers: too few for the network it names.", stored);
  auto network = make_network<float>(spec, compute);
  const auto tensors = network->named_tensors();
  for (const auto& [name, tensor] : file.tensors) {
    DMF_CHECK(tensors.contains(name), IoError, "it holds '{}', which the network has not.", name);
  }
  for (const auto& [name, tensor] : tensors) {
    const Tensor<float> stored_tensor = file.get<float>(name);
    DMF_CHECK(stored_tensor.shape() == tensor.shape(), IoError, "'{}' is {}: the network's is {}.",
              name, stored_tensor.shape().str(), tensor.shape().str());
    tensor.copy_from(stored_tensor);
  }
  network->train(false);
  network->keep_weights();
  return network;
}

Model parse_model(const Safetensors& file, const Compute& compute) {
  const std::string& format = metadata_text(file.metadata, "format");
  const bool is_ensemble = format == kEnsembleFormat;
  DMF_CHECK(format == kFormat || is_ensemble, IoError, "its format is '{}': expected '{}' or '{}'.",
            format, kFormat, kEnsembleFormat);
  const double version = metadata_number(file.metadata, "version", 0, 1e6);
  DMF_CHECK(version <= kVersion, IoError,
            "it has version {}: this program reads up to {}. Use a newer one.", version, kVersion);
  DMF_CHECK(file.verified, IoError, "it has no checksum: this program's files have one.");
  Model model{facts_from(file.metadata)};
  if (is_ensemble) {
    const double count = metadata_number(file.metadata, "members", 1, kMostMembers);
    std::size_t held = 0;
    for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k) {
      const Safetensors part = part_of(file, member_prefix(k));
      held += part.tensors.size();
      model.members.push_back(network_from(part, compute));
    }
    DMF_CHECK(held == file.tensors.size(), IoError,
              "it holds {} tensors, of which {} are its {} members'.", file.tensors.size(), held,
              model.members.size());
  } else {
    model.members.push_back(network_from(file, compute));
  }
  for (const auto& member : model.members) {
    DMF_CHECK(member->spec().in_channels == model.preprocess.channels, IoError,
              "its images have {} channels, its network takes {}.", model.preprocess.channels,
              member->spec().in_channels);
    DMF_CHECK(member->spec().classes == model.classes(), IoError,
              "its members have {} and {} classes: expected as many.", model.classes(),
              member->spec().classes);
  }
  return model;
}

}  // namespace

Network<float>& Model::network() const {
  DMF_CHECK(members.size() == 1, ValueError,
            "[model] an ensemble of {} networks: expected one. Take a member's own file.",
            members.size());
  return *members.front();
}

Predictor Model::predictor() const {
  std::vector<Network<float>*> networks;
  for (const auto& member : members) networks.push_back(member.get());
  return Predictor(std::move(networks), inference);
}

Model model_of(std::unique_ptr<Network<float>> network, ModelFacts facts) {
  Model model{std::move(facts)};
  model.members.push_back(std::move(network));
  return model;
}

Safetensors model_content(const Network<float>& network, const ModelFacts& facts) {
  Safetensors file;
  file.metadata = {{"format", std::string(kFormat)}, {"version", fmt::format("{}", kVersion)}};
  file.metadata.merge(network_metadata(network.spec()));
  file.metadata.merge(facts_metadata(facts));
  for (const auto& [name, tensor] : network.named_tensors()) file.set(name, tensor);
  return file;
}

Safetensors model_content(const Model& model) {
  if (model.members.size() == 1) return model_content(model.network(), model);
  Safetensors file;
  file.metadata = {{"format", std::string(kEnsembleFormat)},
                   {"version", fmt::format("{}", kVersion)},
                   {"members", fmt::format("{}", model.members.size())}};
  file.metadata.merge(facts_metadata(model));
  for (std::size_t k = 0; k < model.members.size(); ++k) {
    const std::string prefix = member_prefix(k);
    for (const auto& [key, text] : network_metadata(model.members[k]->spec())) {
      file.metadata[prefix + key] = text;
    }
    for (const auto& [name, tensor] : model.members[k]->named_tensors()) {
      file.set(prefix + name, tensor);
    }
  }
  return file;
}

void save_model(const std::filesystem::path& path, const Network<float>& network,
                const ModelFacts& facts) {
  write_safetensors(path, model_content(network, facts));
}

Model load_model(const std::filesystem::path& path, const Compute& compute) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(path, error);
  if (folder) require_one_run(path);
  const std::filesystem::path file = folder ? path / "best.safetensors" : path;
  const Safetensors content = read_safetensors(file);
  try {
    return parse_model(content, compute);
  } catch (const Error& problem) {
    throw IoError(fmt::format("[model] {}: {}", file.string(), problem.what()));
  }
}

Model load_models(const std::vector<std::string>& paths, const Compute& compute) {
  Model all = load_model(paths.front(), compute);
  if (paths.size() == 1) return all;
  std::vector<Inference> inferences = {all.inference};
  for (std::size_t k = 1; k < paths.size(); ++k) {
    Model next = load_model(paths[k], compute);
    const auto require_same = [&](bool same, const char* what) {
      DMF_CHECK(same, ValueError,
                "[model] {} and {} differ in {}: expected models of one data set, trained alike.",
                paths.front(), paths[k], what);
    };
    require_same(next.preprocess.to_metadata() == all.preprocess.to_metadata(),
                 "how images are prepared (--image, --fit, --channels, ...)");
    require_same(next.classes() == all.classes(), "the number of classes");
    require_same(next.masks == all.masks, "how masks are read");
    inferences.push_back(next.inference);
    for (auto& member : next.members) all.members.push_back(std::move(member));
  }
  const auto most = [&](bool Inference::*field) {
    const auto count = std::count_if(inferences.begin(), inferences.end(),
                                     [&](const Inference& one) { return one.*field; });
    return 2 * static_cast<std::size_t>(count) > inferences.size();
  };
  const auto mean = [&](double Inference::*field) {
    double sum = 0.0;
    for (const Inference& one : inferences) sum += one.*field;
    return sum / static_cast<double>(inferences.size());
  };
  // The middle one, of two the smaller: a larger look only where most take one.
  std::vector<double> scales;
  for (const Inference& one : inferences) scales.push_back(one.scale);
  const auto middle = scales.begin() + (std::ssize(scales) - 1) / 2;
  std::nth_element(scales.begin(), middle, scales.end());
  all.inference = {.mirror = most(&Inference::mirror),
                   .scale = *middle,
                   .temperature = mean(&Inference::temperature),
                   .threshold = mean(&Inference::threshold),
                   .largest_component = most(&Inference::largest_component),
                   .fill_holes = most(&Inference::fill_holes)};
  all.run.clear();
  return all;
}

}  // namespace dmf
