#pragma once

#include <set>
#include <string>
#include <vector>

#include "apps/data/data_options.h"
#include "apps/data/split_options.h"
#include "apps/support/option_nature.h"
#include "apps/support/program.h"
#include "dmf/fusion.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "engine/optim/optimizers.h"
#include "engine/optim/schedule.h"
#include "layers/networks.h"
#include "losses/evaluate.h"
#include "losses/registry.h"

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

/// The size at which test images are scored.
enum class ScoredSize { original, network };
inline constexpr Named<ScoredSize> kScoredSizes[] = {
    {"original", ScoredSize::original, "each image at its file's own size"},
    {"network", ScoredSize::network, "at --image"}};

/// Everything that defines a training run: each field is an option of `train` and a key of its
/// configuration file. Defaults are those of the recipe `paper`: the paper's protocol where it
/// gives one.
struct TrainOptions {
  std::string recipe = "paper";           // what options not given are, see recipes.h
  std::set<std::string> on_command_line;  // options given there, "--lr": for warnings

  DataOptions data;
  SplitOptions split;
  std::string augment = "none";  // one of augmentation_sets()

  // Network
  std::string model = "paper";
  Settings network_settings = dmf::network_settings();  // of all models; those of `model` count

  // Training
  int epochs = 20;
  int batch = 32;
  std::string optimizer = "adam";
  double lr = 1e-3;
  Settings optimizer_settings =
      dmf::optimizer_settings();  // of all optimisers; those of `optimizer` count
  LearningRate::Shape schedule = LearningRate::Shape::cosine;
  int warmup_steps = 0;
  double final_lr_fraction = 0.0;
  double clip_norm = 0.0;
  double ema = 0.0;
  int checkpoint_every = 0;  // steps, beside every epoch
  bool skip_not_finite = false;
  bool record_gradients = false;
  bool tensorboard = false;
  std::uint64_t seed = 1;
  ScoredSize score_at = ScoredSize::network;
  DeviceChoice where;

  // Losses and their weighting
  std::vector<std::string> losses = {"cce", "mean_iou", "mean_dice"};
  std::string auxiliary = "none";
  FusionSpec fusion = {.rule = rule_settings()};  // of all rules; those of `weighting` count
  Settings loss = loss_settings();
  std::int32_t ignore_index = kNoIgnore;
  Reduction reduction = Reduction::batch;

  NetworkSpec network_spec() const;
  MaskOptions mask_options() const;
};

/// Adds an option for every field, --recipe and --config. What was not given on the command line is
/// then taken from the configuration file, and else from the recipe, see config_file.h.
///
/// recipe  the one that is used, and whose values --help shows, unless another is asked for
void bind_options(CLI::App& app, TrainOptions& options, const std::string& recipe);
/// Only those of the data, or of the weighting rule.
void bind_data_options(CLI::App& app, TrainOptions& options);
void bind_fusion_options(CLI::App& app, TrainOptions& options);
void bind_ignore_index(CLI::App& app, TrainOptions& options, const std::string& group);

/// The nature of an option of bind_options() by its name without dashes; of another name that of one
/// that says nothing of itself.
const Nature& nature_of(const std::string& name);

}  // namespace dmf
