#include "apps/training/checkpoint.h"

#include <fmt/format.h>

#include "apps/files/metadata.h"
#include "apps/run/run_identity.h"
#include "engine/core/check.h"
#include "engine/io/safetensors.h"

namespace dmf {
namespace {

constexpr std::string_view kFormat = "dmf-checkpoint";
constexpr int kVersion = 2;          // 1 had no event_bytes
constexpr double kMostSteps = 1e15;  // counted exactly by a double

// Prefixes of the tensors of each part.
const std::string kNetwork = "network.", kOptimizer = "optimizer.", kAverage = "ema.",
                  kFusion = "fusion.";

Tensor<double> to_tensor(const std::vector<double>& values) {
  return Tensor<double>::from(values, Shape{static_cast<Index>(values.size())});
}

std::vector<double> to_vector(const Tensor<double>& tensor) {
  return {tensor.span().begin(), tensor.span().end()};
}

std::string history_name(std::size_t loss) {
  return fmt::format("{}history.{}", kFusion, loss);
}

/// Copies each tensor from the file, which must have it in this shape.
void restore(const Safetensors& file, const std::string& prefix, const std::string& name,
             const Tensor<float>& tensor) {
  const Tensor<float> saved = file.get<float>(prefix + name);
  DMF_CHECK(saved.shape() == tensor.shape(), IoError, "'{}{}' is {}: the run's is {}.", prefix,
            name, saved.shape().str(), tensor.shape().str());
  tensor.copy_from(saved);
}

/// Older versions kept lines that do not define the run, and no id.
void require_same_run(const Safetensors& file, const RunIdentity& run) {
  const std::string was = defining_lines(metadata_text(file.metadata, "definition"));
  if (was != defining_lines(run.definition)) {
    const auto key = differing_key(run.definition, "config.toml", was, "the checkpoint");
    throw IoError(fmt::format("the run's {} no longer what it was trained with{}.",
                              key ? "config.toml is" : "split.csv is", key ? ": " + *key : ""));
  }
  const auto id = file.metadata.find("run");
  DMF_CHECK(id == file.metadata.end() || id->second == run.id, IoError,
            "it is of another run, {}: run.json is of {}.", id->second, run.id);
}

TrainingProgress parse(const Safetensors& file, const TrainingParts& parts,
                       const RunIdentity& run) {
  const auto count = [&file](const std::string& key) {
    return static_cast<std::int64_t>(metadata_number(file.metadata, key, 0, kMostSteps));
  };
  DMF_CHECK(metadata_text(file.metadata, "format") == kFormat, IoError,
            "its format is '{}': expected '{}'.", file.metadata.at("format"), kFormat);
  DMF_CHECK(count("version") <= kVersion, IoError,
            "it has version {}: this program reads up to {}. Use a newer one.", count("version"),
            kVersion);
  DMF_CHECK(file.verified, IoError, "it has no checksum: this program's files have one.");
  require_same_run(file, run);

  for (const auto& p : parts.network.named_parameters()) {
    restore(file, kNetwork, p.name, p.variable.value());
  }
  for (const auto& b : parts.network.named_buffers()) restore(file, kNetwork, b.name, b.tensor);
  OptimizerState<float> optimizer{count("optimizer.steps"), {}};
  for (const auto& [name, moment] : parts.optimizer.state().moments) {
    optimizer.moments.emplace(name, file.get<float>(kOptimizer + name));
  }
  parts.optimizer.load_state(optimizer);
  if (parts.average != nullptr) {
    for (const auto& [name, average] : parts.average->averages())
      restore(file, kAverage, name, average);
    parts.average->set_updates(count("ema.updates"));
  }
  FusionState fusion{count("fusion.step"), {}, {}, {}};
  for (std::size_t k = 0; k < parts.fusion.state().history.size(); ++k) {
    fusion.history.push_back(to_vector(file.get<double>(history_name(k))));
  }
  fusion.weights = to_vector(file.get<double>(kFusion + "weights"));
  fusion.rule = to_vector(file.get<double>(kFusion + "strategy"));
  parts.fusion.load_state(fusion);

  TrainingProgress progress;
  progress.step = count("step");
  progress.epoch = count("epoch");
  progress.batches = static_cast<std::size_t>(count("epoch.batches"));
  progress.images = static_cast<std::size_t>(count("epoch.images"));
  progress.skipped = count("skipped");
  if (count("version") >= 2) {
    progress.event_bytes = static_cast<std::uintmax_t>(count("event_bytes"));
  }
  progress.loss_sum = file.get<double>("epoch.loss_sum").item();
  // Files of before early stopping have no such epoch: patience begins where they go on.
  progress.best_epoch = file.metadata.contains("best_epoch") ? count("best_epoch") : progress.epoch;
  progress.best_cb_dice = file.get<double>("best_cb_dice").item();
  progress.last_dice = metadata_text(file.metadata, "last_dice");
  parts.network.set_passes(static_cast<std::uint64_t>(progress.step));
  return progress;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const TrainingParts& parts,
                     const TrainingProgress& progress, const RunIdentity& run) {
  const FusionState fusion = parts.fusion.state();
  Safetensors file;
  file.metadata = {{"format", std::string(kFormat)},
                   {"version", fmt::format("{}", kVersion)},
                   {"definition", run.definition},
                   {"run", run.id},
                   {"step", fmt::format("{}", progress.step)},
                   {"epoch", fmt::format("{}", progress.epoch)},
                   {"epoch.batches", fmt::format("{}", progress.batches)},
                   {"epoch.images", fmt::format("{}", progress.images)},
                   {"skipped", fmt::format("{}", progress.skipped)},
                   {"best_epoch", fmt::format("{}", progress.best_epoch)},
                   {"event_bytes", fmt::format("{}", progress.event_bytes)},
                   {"last_dice", progress.last_dice},
                   {"optimizer.steps", fmt::format("{}", parts.optimizer.steps())},
                   {"fusion.step", fmt::format("{}", fusion.step)}};
  for (const auto& p : parts.network.named_parameters()) {
    file.set(kNetwork + p.name, p.variable.value());
  }
  for (const auto& b : parts.network.named_buffers()) file.set(kNetwork + b.name, b.tensor);
  for (const auto& [name, moment] : parts.optimizer.state().moments) {
    file.set(kOptimizer + name, moment);
  }
  if (parts.average != nullptr) {
    file.metadata["ema.updates"] = fmt::format("{}", parts.average->updates());
    for (const auto& [name, average] : parts.average->averages())
      file.set(kAverage + name, average);
  }
  for (std::size_t k = 0; k < fusion.history.size(); ++k) {
    file.set(history_name(k), to_tensor(fusion.history[k]));
  }
  file.set(kFusion + "weights", to_tensor(fusion.weights));
  file.set(kFusion + "strategy", to_tensor(fusion.rule));
  file.set("epoch.loss_sum", to_tensor({progress.loss_sum}));
  file.set("best_cb_dice", to_tensor({progress.best_cb_dice}));
  write_safetensors(path, file);
}

TrainingProgress load_checkpoint(const std::filesystem::path& path, const TrainingParts& parts,
                                 const RunIdentity& run) {
  const Safetensors file = read_safetensors(path);
  try {
    return parse(file, parts, run);
  } catch (const Error& problem) {
    throw IoError(fmt::format("[resume] {}: {}", path.string(), problem.what()));
  }
}

}  // namespace dmf
