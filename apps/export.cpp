#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/export/onnx.h"
#include "apps/export/weights.h"
#include "apps/files/output_files.h"
#include "apps/programs.h"
#include "apps/support/common_options.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace {

/// What no tensor tells of a U-Net.
std::vector<dmf::Setting> untold_settings() {
  std::vector<dmf::Setting> untold;
  for (const dmf::Setting& setting : dmf::unet_settings()) {
    for (const char* name : {"bn-eps", "norm", "norm-groups", "activation", "down"}) {
      if (setting.name == name) untold.push_back(setting);
    }
  }
  return untold;
}

dmf::UNetSpec rest_of(const dmf::Settings& untold) {
  dmf::NetworkSpec spec = dmf::network_spec(dmf::kPaperUNet.name);
  for (const dmf::Setting& setting : untold.all()) {
    spec.settings.set(setting.name, untold.value(setting.name));
  }
  return dmf::UNetSpec::of(dmf::kPaperUNet, spec);
}

struct Options {
  std::vector<std::string> models;
  std::string out, from = "dmf", to = "pytorch";
  dmf::Settings rest = dmf::Settings(untold_settings());  // of weights from elsewhere
  dmf::PreprocessSpec preprocess;
  std::string fit = "squash";
  bool overwrite = false;
};

dmf::Model load(const Options& options) {
  const dmf::WeightsFormat format =
      dmf::entry_named(dmf::kWeightsFormats, options.from, "from").value;
  if (format == dmf::WeightsFormat::ours) return dmf::load_models(options.models);
  dmf::PreprocessSpec preprocess = options.preprocess;
  std::unique_ptr<dmf::Network<float>> network;
  try {
    network = dmf::import_weights(dmf::read_safetensors(options.models.front()), format,
                                  rest_of(options.rest));
  } catch (const dmf::Error& problem) {
    throw dmf::IoError(fmt::format("[export] {}: {}", options.models.front(), problem.what()));
  }
  preprocess.channels = static_cast<int>(network->spec().in_channels);
  preprocess.keep_aspect = dmf::entry_named(dmf::kFits, options.fit, "fit").value;
  DMF_CHECK(preprocess.channels == 1 || preprocess.channels == 3, IoError,
            "[export] the network takes {} channels: expected 1 (grey) or 3 (colour).",
            preprocess.channels);
  return dmf::model_of(std::move(network), {preprocess});
}

/// What the run of a model says of it; empty where the weights are not in a run folder.
std::string card_of(const std::filesystem::path& model) {
  constexpr std::uintmax_t kMost = 1 << 20;
  const auto folder = std::filesystem::is_directory(model) ? model : model.parent_path();
  const auto card = folder / "MODEL_CARD.md";
  return std::filesystem::is_regular_file(card) ? dmf::read_file(card, kMost) : "";
}

std::string converted(const dmf::Model& model, const Options& options) {
  const std::string& to = options.to;
  if (to == "onnx") return dmf::to_onnx(model, card_of(options.models.front()));
  if (to == "dmf") return dmf::to_bytes(dmf::model_content(model));
  return dmf::to_bytes(
      dmf::export_weights(model.network(), dmf::entry_named(dmf::kWeightsFormats, to, "to").value));
}

}  // namespace

int dmf::export_program(const Call& call) {
  CLI::App app(
      "Converts trained networks: to and from the names and layouts of PyTorch and Keras "
      "(safetensors files), and to ONNX.",
      "export");
  Options options;
  app.add_option("--model", options.models,
                 "Run folder, or a file of weights; several, with --to dmf, as one ensemble")
      ->check(dmf::not_empty())
      ->type_name("MODEL...")
      ->required();
  app.add_option("--out", options.out, "File to write")->check(dmf::not_empty())->required();
  app.add_flag("--overwrite", options.overwrite,
               "Replace --out where an earlier export wrote it, unless it was changed since");
  std::vector<std::string> formats = dmf::names_of(dmf::kWeightsFormats);
  formats.emplace_back("onnx");
  app.add_option("--to", options.to, dmf::any_of_text(formats))
      ->check(dmf::one_of(formats))
      ->capture_default_str();
  app.add_option("--from", options.from,
                 "Whose names and layouts --model has: " + dmf::help_of(dmf::kWeightsFormats))
      ->check(dmf::one_of(dmf::names_of(dmf::kWeightsFormats)))
      ->capture_default_str();
  const auto group = "Of weights from elsewhere";
  dmf::add_settings(app, group, options.rest);
  dmf::add_value(app, group, "--image", options.preprocess.size,
                 "Height and width the network was trained at")
      ->check(dmf::whole_number(1, 4096));
  app.add_option("--fit", options.fit, "squash or pad, as in train")
      ->group(group)
      ->check(dmf::one_of(dmf::names_of(dmf::kFits)))
      ->capture_default_str();
  dmf::add_dry_run_option(app);
  dmf::add_json_option(app);
  return dmf::run_program(app, call, [&] {
    if (options.to == "onnx") dmf::check_onnx_built();
    DMF_CHECK(options.models.size() == 1 || (options.from == "dmf" && options.to == "dmf"),
              ValueError, "[export] {} models: expected one, but for an ensemble from dmf to dmf.",
              options.models.size());
    std::vector<std::filesystem::path> inputs;
    for (const std::filesystem::path given : options.models) {
      inputs.insert(inputs.end(), {given, given / "best.safetensors"});
    }
    dmf::OutputFiles outputs({"export", options.overwrite, "--out", std::move(inputs)});
    outputs.plan(options.out);
    const dmf::Model model = load(options);
    outputs.begin();
    dmf::end_dry_run("write " + options.out);
    outputs.write(options.out, converted(model, options));
    nlohmann::ordered_json networks = nlohmann::ordered_json::array();
    for (const auto& member : model.members) {
      const dmf::NetworkSpec& spec = member->spec();
      fmt::print("{}: {}, {}, {} to {} channels, {} parameters\n", options.out, spec.name,
                 dmf::settings_text(spec.settings), spec.in_channels, spec.classes,
                 member->parameter_count());
      networks.push_back({{"network", spec.name},
                          {"settings", dmf::settings_text(spec.settings)},
                          {"channels", spec.in_channels},
                          {"classes", spec.classes},
                          {"parameters", member->parameter_count()}});
    }
    dmf::print_json(networks.dump(2));
    return 0;
  });
}
