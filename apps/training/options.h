#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "apps/data/augment.h"
#include "apps/data/dataset.h"
#include "apps/image/mask_choice.h"
#include "apps/image/preprocess.h"
#include "apps/support/program.h"
#include "dmf/fusion.h"
#include "engine/optim/schedule.h"
#include "layers/unet.h"
#include "losses/registry.h"

namespace dmf {

/// Everything that defines a training run: each field is an option of `train` and a key of its
/// configuration file. Defaults are the paper's protocol where it gives one.
struct TrainOptions {
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
  int cache_mb = 2048;
  int image = 128;
  int channels = 1;
  int white_level = 0;  // 0: the largest of the file's type
  std::string resize = "linear";
  std::string label_resize = "share";
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
  int depth = 4;
  int base_width = 32;
  double dropout = 0.0;
  double bn_eps = 1e-5;
  double bn_momentum = 0.1;

  // Training
  int epochs = 20;
  int batch = 32;
  std::string optimizer = "adam";
  double lr = 1e-3;
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 0.0;
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
  std::string score_at = "original";
  DeviceChoice where;

  // Losses and their weighting
  std::vector<std::string> losses = {"cce", "mean_iou", "mean_dice"};
  std::string auxiliary = "none";
  FusionSpec fusion;
  LossSettings loss;
  std::string reduction = "batch";
  bool exclude_background = false;
  std::string cb_dice_balance = "complement";

  UNetSpec network_spec() const;
  PreprocessSpec preprocess_spec() const;
  MaskOptions mask_options() const;
  LossSettings loss_settings() const;
};

/// Adds an option for every field, and --config FILE to read them from.
void bind_options(CLI::App& app, TrainOptions& options);
/// Only those of the data, or of the weighting rule.
void bind_data_options(CLI::App& app, TrainOptions& options);
void bind_fusion_options(CLI::App& app, TrainOptions& options);

/// The options in force as a configuration file (TOML), empty ones left out. CLI11's own writer
/// gives default lists a form that its reader refuses.
std::string config_text(const CLI::App& app);

/// Reads a configuration file that `train` wrote.
///
/// throws  IoError naming the file and what is wrong with it
TrainOptions read_config(const std::string& path);
/// The same from the file's text; `name` is for messages.
TrainOptions parse_config(const std::string& text, const std::string& name);

/// The configuration with some options changed.
///
/// config   as config_text() writes it; keys that train does not know are left out
/// changes  key and value, as on the command line but for the dashes; lists with commas
/// throws   IoError for a key that train does not know
std::string with_options(const std::string& config,
                         const std::vector<std::pair<std::string, std::string>>& changes);

}  // namespace dmf
