#include "apps/options/options.h"

#include <CLI/CLI.hpp>

#include "apps/options/config_file.h"
#include "apps/options/recipes.h"
#include "apps/support/option_values.h"
#include "losses/evaluate.h"
#include "losses/registry.h"

namespace dmf {
namespace {

constexpr Range kUnit = {.least = 0.0, .most = 1.0};
constexpr Range kAboveZeroToOne = {.least = 0.0, .most = 1.0, .with_least = false};

void bind_network(CLI::App& app, TrainOptions& o) {
  add_value(app, "Network", "--model", o.model, help_of(networks()))
      ->check(one_of(names_of(networks())));
  add_settings(app, "Network", o.network_settings);
}

void bind_training(CLI::App& app, TrainOptions& o) {
  const auto add = [&](const std::string& name, auto& field, const std::string& help) {
    return add_value(app, "Training", name, field, help);
  };
  add("--epochs", o.epochs, "Passes over the training images")->check(whole_number(1, 1000000));
  add("--batch", o.batch, "Images in a step")->check(whole_number(1, 4096));
  add("--optimizer", o.optimizer, help_of(optimizers()))->check(one_of(names_of(optimizers())));
  add("--lr", o.lr, "Learning rate")->check(number_in(kAboveZero));
  add_settings(app, "Training", o.optimizer_settings);
  add("--schedule", o.schedule, "Learning rate: " + help_of(kSchedules))
      ->check(one_of(names_of(kSchedules)));
  add("--warmup-steps", o.warmup_steps, "Steps of linear warm-up")->check(whole_number(0));
  add("--final-lr-fraction", o.final_lr_fraction, "Of --lr, at the end of the cosine")
      ->check(number_in(kUnit));
  add("--clip-norm", o.clip_norm, "Largest norm of the gradient; 0: no limit")
      ->check(number_in(kAtLeastZero));
  add("--ema", o.ema, "Average the weights with this decay; 0: off")->check(number_in(kFraction));
  add("--checkpoint-every", o.checkpoint_every,
      "Save the whole run every so many steps too; 0: after every epoch only")
      ->check(whole_number(0));
  app.add_flag("--skip-not-finite", o.skip_not_finite,
               "Leave out a step whose loss or gradient is not finite instead of stopping")
      ->group("Training");
  app.add_flag("--record-gradients", o.record_gradients,
               "Write to steps.csv how strong each loss's own gradient is, for the logits")
      ->group("Training");
  app.add_flag("--tensorboard", o.tensorboard,
               "Write losses, weights, scores and images as events for TensorBoard too")
      ->group("Training");
  for (CLI::Option* option : add_device_options(app, o.where)) option->group("Training");
  add("--score-at", o.score_at,
      "Test scores: original: each image at its file's own size; network: at --image")
      ->check(one_of({"original", "network"}));
  add("--seed", o.seed, "Of the split, the initial weights, the order and the augmentation");
}

/// A check that a text is one of these names or a sum of losses.
CLI::Validator loss_among(const std::vector<std::string>& names) {
  return CLI::Validator(
      [names, name = one_of(names)](std::string& text) {
        if (text.find_first_of("+*") == std::string::npos) return name(text);
        try {
          LossExpression::parse(text);
        } catch (const ValueError& problem) {
          return std::string(problem.what()).substr(std::string_view("[loss] ").size());
        }
        return std::string();
      },
      fmt::format("{}", fmt::join(names, ", ")));
}

void bind_losses(CLI::App& app, TrainOptions& o) {
  const auto add = [&](const std::string& name, auto& field, const std::string& help) {
    return add_value(app, "Losses", name, field, help);
  };
  std::vector<std::string> names = names_of(losses());
  add_list(app, "Losses", "--losses", o.losses,
           "Base losses, each one of the following or a sum that counts as one, as "
           "0.5*focal+0.5*tversky. " +
               help_of(losses()),
           loss_among(names));
  names.emplace_back("none");
  add("--auxiliary", o.auxiliary, "Auxiliary loss: any of these, or none")
      ->check(loss_among(names));
  bind_fusion_options(app, o);
  add_settings(app, "Losses", o.loss);
  add("--reduction", o.reduction, help_of(kReductions))->check(one_of(names_of(kReductions)));
  bind_ignore_index(app, o, "Losses");
}

}  // namespace

NetworkSpec TrainOptions::network_spec() const {
  NetworkSpec spec = dmf::network_spec(model);
  spec.in_channels = channels;
  spec.classes = num_classes;
  spec.seed = seed;
  for (const Setting& setting : spec.settings.all()) {
    spec.settings.set(setting.name, network_settings.value(setting.name));
  }
  return spec;
}

PreprocessSpec TrainOptions::preprocess_spec() const {
  return {image,
          channels,
          interpolation_named(resize),
          label_resize_named(label_resize),
          fit == "pad",
          bilateral,
          bilateral_filter,
          white_level};
}

MaskOptions TrainOptions::mask_options() const {
  return {num_classes, mask_threshold,    mask_values,  mask_colours,
          mask_from,   probability_masks, invert_masks, ignore_index};
}

void bind_ignore_index(CLI::App& app, TrainOptions& o, const std::string& group) {
  add_value(app, group, "--ignore-index", o.ignore_index,
            "Value in the masks whose pixels take no part, and their label; -1: none")
      ->check(whole_number(-1, 65535));
}

void bind_data_options(CLI::App& app, TrainOptions& o) {
  const std::string group = "Data";
  const auto add = [&](const std::string& name, auto& field, const std::string& help) {
    return add_value(app, group, name, field, help);
  };
  add("--data", o.data, "Folder of the data set, or of the archive that holds it")
      ->check(not_empty());
  add_list(app, group, "--classes", o.dataset.classes,
           "Class folders to read: benign, malignant, normal, or others");
  app.add_flag("--first-mask-only", o.dataset.first_mask_only,
               "Of an image's several masks take the first, not the union")
      ->group(group);
  app.add_flag("--pair-by-order", o.dataset.pair_by_order,
               "Pair images and masks in sorted order where their names do not tell")
      ->group(group);
  add("--mask-names", o.dataset.mask_names,
      "Glob that masks and annotations fit, as \"*_mask*\" or \"labels/*\"; default: by rule");
  add("--first-frame", o.dataset.first_frame,
      "Of masks named after frames of a DICOM: the first one's number, 0, 1 or auto: as they tell")
      ->check(one_of({"auto", "0", "1"}));
  add_list(app, group, "--label-classes", o.dataset.label_classes,
           "Labels of annotations as classes 1, 2, ...: labels to unite joined by +");
  add("--num-classes", o.num_classes,
      "Classes of the masks, background included; 0: as the masks say")
      ->check(whole_number(0, 256))
      ->check([](const std::string& text) {
        return text == "1" ? "got '1', expected 0 or a whole number from 2" : std::string();
      });
  add("--mask-values", o.mask_values,
      "Values in the masks by class: 0,100,200; of one class joined by +: 0,1+255");
  add("--mask-colours", o.mask_colours, "Colours in the masks by class: 000000,ff0000,00ff00");
  add("--mask-from", o.mask_from,
      "Where the masks' classes are: auto, alpha, palette (its indices) or luminance")
      ->check(one_of({"auto", "alpha", "palette", "luminance"}));
  app.add_flag("--probability-masks", o.probability_masks,
               "The masks are probability maps, whatever they look like")
      ->group(group);
  add("--mask-threshold", o.mask_threshold,
      "Of soft masks: levels of at least this share of white are lesion")
      ->check(number_in(kAboveZeroToOne));
  app.add_flag("--invert-masks", o.invert_masks, "Lesion is where the masks are 0, two classes")
      ->group(group);
  app.add_flag("--skip-broken", o.skip_broken,
               "Leave out images that cannot be used, and count them")
      ->group(group);
  app.add_flag("--anonymise", o.anonymise,
               "In all that is written but config.toml, call images by neutral names, not their "
               "files'")
      ->group(group);
  add("--cache-mb", o.cache_mb, "Memory for decoded images")->check(whole_number(0, 1 << 20));
  add("--image", o.image, "Height and width of the network's input")->check(whole_number(1, 4096));
  add("--channels", o.channels, "1: grey, 3: colour")->check(one_of({"1", "3"}));
  add("--exif", o.exif,
      "Orientation of images: apply, ignore, or auto: where masks fit one way only, that way")
      ->check(one_of({"auto", "apply", "ignore"}));
  add("--white-level", o.white_level,
      "Of images of more than 8 bits: the value that is white; 0: the largest of their type")
      ->check(whole_number(0, 65535));
  add("--resize", o.resize, "Interpolation: linear or area")->check(one_of({"linear", "area"}));
  add("--label-resize", o.label_resize,
      "Labels: share: what covers most of a pixel, and no lesion vanishes; nearest: what is at its "
      "centre")
      ->check(one_of({"share", "nearest"}));
  add("--fit", o.fit, "squash: both sides to --image; pad: keep the aspect, pad with black")
      ->check(one_of({"squash", "pad"}));
  app.add_flag("--bilateral", o.bilateral, "Smooth with a bilateral filter")->group(group);
  add("--bilateral-d", o.bilateral_filter.diameter, "Diameter of its window")
      ->check(whole_number(1, 99));
  add("--bilateral-sigma-space", o.bilateral_filter.sigma_space, "In pixels")
      ->check(number_in(kAboveZero));
  add("--bilateral-sigma-range", o.bilateral_filter.sigma_range, "In intensity, 0 to 1")
      ->check(number_in(kAboveZero));
  app.add_flag("--bilateral-square", o.bilateral_filter.square,
               "The whole square of the paper's formula, not OpenCV's disc")
      ->group(group);
  add("--split", o.split,
      "random; grouped: near-duplicate images stay on one side; given-or-...: as train, validation "
      "and test folders say where there are such")
      ->check(one_of({"given-or-random", "given-or-grouped", "random", "grouped"}));
  add("--groups", o.groups,
      "Keep images of one group on one side: CSV with a column of images and one named group, "
      "patient, patient_id, subject or case");
  add("--group-by", o.group_by,
      "The same by a regular expression: what its first capture finds in an image's id");
  add("--split-seed", o.split_seed, "Of the split alone; 0: as --seed");
  add("--folds", o.folds, "Cross-validation over so many folds instead of 70/15/15; 0: none")
      ->check(whole_number(0, 1000));
  add("--fold", o.fold, "The one that tests; the next validates")->check(whole_number(1, 1000));
  add("--folds-file", o.folds_file,
      "Take the folds from this CSV: a column of images, and one named fold or kFold");
  add("--split-file", o.split_file, "Take the split from this CSV (a run's split.csv) instead");
  add("--duplicate-threshold", o.duplicate_threshold,
      "Thumbnails that correlate above this are near-duplicates")
      ->check(number_in(kUnit));
  add("--augment", o.augment,
      "none, flips, or strong: flips, rotation, scale, contrast, gamma, noise")
      ->check(one_of({"none", "flips", "strong"}));
}

void bind_fusion_options(CLI::App& app, TrainOptions& o) {
  const auto add = [&](const std::string& name, auto& field, const std::string& help) {
    return add_value(app, "Losses", name, field, help);
  };
  add("--weighting", o.fusion.weighting, help_of(weighting_rules()))
      ->check(one_of(names_of(weighting_rules())));
  add("--history-size", o.fusion.history_size, "Values held before the rule takes over")
      ->check(whole_number(1, 1 << 20));
  add("--history-size-max", o.fusion.history_size_max, "Values remembered")
      ->check(whole_number(1, 1 << 20));
  add_list(app, "Losses", "--initial-weights", o.fusion.initial_weights,
           "One a base loss; without, uniform", number_in(kAtLeastZero));
  add("--weight-averaging", o.fusion.averaging, "Moving average of the weights, its decay")
      ->check(number_in(kFraction));
  add("--weight-max-change", o.fusion.largest_change, "Of a weight in one step; 0: no limit")
      ->check(number_in(kAtLeastZero));
  add_settings(app, "Losses", o.fusion.rule);
  add("--aux-gamma0", o.fusion.auxiliary.gamma0, "Factor of the auxiliary loss at the start")
      ->check(number_in(kAtLeastZero));
  add("--aux-lambda", o.fusion.auxiliary.lambda, "Its decay: gamma = gamma0 exp(-lambda t)")
      ->check(number_in(kAtLeastZero));
  add("--batch-track-steps", o.fusion.auxiliary.every,
      "Steps for t to advance by one; 0: every step")
      ->check(whole_number(0));
}

void bind_options(CLI::App& app, TrainOptions& options, const std::string& recipe) {
  app.add_option("--config", CLI::callback_t(), "Read options from this file (a run's config.toml)")
      ->type_name("FILE")
      ->check(not_empty())
      ->configurable(false);
  add_value(app, "Options", "--recipe", options.recipe,
            "What options are that are not given: strong, made on public data; paper, the paper's "
            "protocol; quick, minutes for a demo. Defaults below are those of " +
                recipe)
      ->check(one_of(recipe_names()));
  bind_data_options(app, options);
  bind_network(app, options);
  bind_training(app, options);
  bind_losses(app, options);
  app.get_option("--recipe")->default_val(recipe);
  apply_recipe(app, recipe);
  app.parse_complete_callback([&] { settle_options(app, options); });
}

}  // namespace dmf
