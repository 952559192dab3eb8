#pragma once

#include <set>
#include <string>
#include <vector>

#include "apps/data/augment.h"
#include "apps/data/layouts/dataset.h"
#include "apps/image/masks/mask_choice.h"
#include "apps/image/preprocess.h"
#include "apps/support/program.h"
#include "dmf/fusion.h"
#include "engine/optim/optimizers.h"
#include "engine/optim/schedule.h"
#include "layers/networks.h"
#include "losses/registry.h"

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

/// Everything that defines a training run: each field is an option of `train` and a key of its
/// configuration file. Defaults are those of the recipe `paper`: the paper's protocol where it
/// gives one.
struct TrainOptions {
  std::string recipe = "paper";           // what options not given are, see recipes.h
  std::set<std::string> on_command_line;  // options given there, "--lr": for warnings

  // Data
  std::string data;
  DatasetOptions dataset;
  int num_classes = 0;  // 0: as the masks say, which load_data() decides
  double mask_threshold = 0.5;
  std::string mask_values, mask_colours;
  std::string mask_from = "auto";
  bool probability_masks = false;
  bool invert_masks = false;
  std::string exif = "auto";
  bool skip_broken = false;
  bool anonymise = false;
  int cache_mb = 2048;
  int image = 128;
  int channels = 1;
  int white_level = 0;  // 0: the largest of the file's type
  std::string resize = "linear";
  std::string label_resize = "nearest";
  std::string fit = "squash";
  bool bilateral = false;
  BilateralSpec bilateral_filter;
  std::string split = "given-or-random";
  std::uint64_t split_seed = 0;  // 0: as `seed`
  int folds = 0;                 // 0: 70/15/15
  int fold = 1;                  // from 1
  std::string folds_file, split_file;
  std::string groups, group_by;
  double duplicate_threshold = 0.97;
  std::string augment = "none";

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
  std::string schedule = "cosine";
  int warmup_steps = 0;
  double final_lr_fraction = 0.0;
  double clip_norm = 0.0;
  double ema = 0.0;
  int checkpoint_every = 0;  // steps, beside every epoch
  bool skip_not_finite = false;
  bool record_gradients = false;
  bool tensorboard = false;
  std::uint64_t seed = 1;
  std::string score_at = "network";
  DeviceChoice where;

  // Losses and their weighting
  std::vector<std::string> losses = {"cce", "mean_iou", "mean_dice"};
  std::string auxiliary = "none";
  FusionSpec fusion;
  Settings loss = loss_settings();
  std::int32_t ignore_index = kNoIgnore;
  std::string reduction = "batch";

  NetworkSpec network_spec() const;
  PreprocessSpec preprocess_spec() const;
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

}  // namespace dmf
