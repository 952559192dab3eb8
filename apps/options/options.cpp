#include "apps/options/options.h"

#include <CLI/CLI.hpp>

#include <map>

#include "apps/data/augmentation/augmentation.h"
#include "apps/options/config_file.h"
#include "apps/options/recipes.h"
#include "apps/support/option_set.h"
#include "layers/encoder_size.h"

namespace dmf {
namespace {

constexpr Nature kOfConfiguration = {.may_vary = false};  // it names one in a grid

void bind_data(OptionSet& set, TrainOptions& o) {
  o.data.bind(set);
  o.split.bind(set);
  OptionGroup(set, "Data")
      .value("--augment", o.augment, augmentation_help())
      ->check(one_of(names_of(augmentation_sets())));
}

void bind_network(OptionSet& set, TrainOptions& o) {
  OptionGroup(set, "Network")
      .value("--model", o.model, help_of(networks()))
      ->check(one_of(names_of(networks())));
  add_settings(set.app(), "Network", o.network_settings);
}

void bind_training(OptionSet& set, TrainOptions& o) {
  const OptionGroup add(set, "Training");
  add.value("--epochs", o.epochs, "Passes over the training images")
      ->check(whole_number(1, 1000000));
  add.value("--batch", o.batch, "Images in a step")->check(whole_number(1, 4096));
  add.value("--optimizer", o.optimizer, help_of(optimizers()))
      ->check(one_of(names_of(optimizers())));
  add.value("--lr", o.lr, "Learning rate")->check(number_in(kAboveZero));
  add_settings(set.app(), "Training", o.optimizer_settings);
  add.choice("--schedule", o.schedule, kSchedules, "Learning rate: " + help_of(kSchedules));
  add.value("--warmup-steps", o.warmup_steps, "Steps of linear warm-up")->check(whole_number(0));
  add.value("--final-lr-fraction", o.final_lr_fraction, "Of --lr, at the end of the cosine")
      ->check(number_in(kUnit));
  add.value("--clip-norm", o.clip_norm, "Largest norm of the gradient; 0: no limit")
      ->check(number_in(kAtLeastZero));
  add.value("--ema", o.ema, "Average the weights with this decay; 0: off")
      ->check(number_in(kFraction));
  add.value("--checkpoint-every", o.checkpoint_every,
            "Save the whole run every so many steps too; 0: after every epoch only",
            {.bears_on = BearsOn::pace, .may_vary = false})
      ->check(whole_number(0));
  add.flag("--skip-not-finite", o.skip_not_finite,
           "Leave out a step whose loss or gradient is not finite instead of stopping");
  constexpr Nature kView = {.bears_on = BearsOn::view, .may_vary = false};
  add.flag("--record-gradients", o.record_gradients,
           "Write to steps.csv how strong each loss's own gradient is, for the logits", kView);
  add.flag("--tensorboard", o.tensorboard,
           "Write losses, weights, scores and images as events for TensorBoard too", kView);
  for (CLI::Option* option : add_device_options(set.app(), o.where)) {
    set.state(option, {.may_change_on_resume = true})->group("Training");
  }
  add.choice("--score-at", o.score_at, kScoredSizes, "Test scores: " + help_of(kScoredSizes));
  add.value("--seed", o.seed, "Of the split, the initial weights, the order and the augmentation",
            {.may_vary = false});
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

void bind_fusion(OptionSet& set, TrainOptions& o) {
  const OptionGroup add(set, "Losses");
  add.value("--weighting", o.fusion.weighting, help_of(weighting_rules()), kOfConfiguration)
      ->check(one_of(names_of(weighting_rules())));
  add.value("--history-size", o.fusion.history_size, "Values held before the rule takes over")
      ->check(whole_number(1, 1 << 20));
  add.value("--history-size-max", o.fusion.history_size_max, "Values remembered")
      ->check(whole_number(1, 1 << 20));
  add.list("--initial-weights", o.fusion.initial_weights, "One a base loss; without, uniform",
           number_in(kAtLeastZero));
  add.value("--weight-averaging", o.fusion.averaging, "Moving average of the weights, its decay")
      ->check(number_in(kFraction));
  add.value("--weight-max-change", o.fusion.largest_change, "Of a weight in one step; 0: no limit")
      ->check(number_in(kAtLeastZero));
  add_settings(set.app(), "Losses", o.fusion.rule);
  add.value("--aux-gamma0", o.fusion.auxiliary.gamma0, "Factor of the auxiliary loss at the start")
      ->check(number_in(kAtLeastZero));
  add.value("--aux-lambda", o.fusion.auxiliary.lambda, "Its decay: gamma = gamma0 exp(-lambda t)")
      ->check(number_in(kAtLeastZero));
  add.value("--batch-track-steps", o.fusion.auxiliary.every,
            "Steps for t to advance by one; 0: every step")
      ->check(whole_number(0));
}

void bind_losses(OptionSet& set, TrainOptions& o) {
  const OptionGroup add(set, "Losses");
  std::vector<std::string> names = names_of(losses());
  add.list("--losses", o.losses,
           "Base losses, each one of the following or a sum that counts as one, as "
           "0.5*focal+0.5*tversky. " +
               help_of(losses()),
           loss_among(names));
  names.emplace_back("none");
  add.value("--auxiliary", o.auxiliary, "Auxiliary loss: any of these, or none", kOfConfiguration)
      ->check(loss_among(names));
  bind_fusion(set, o);
  add_settings(set.app(), "Losses", o.loss);
  add.choice("--reduction", o.reduction, kReductions, help_of(kReductions));
  bind_ignore_index(set.app(), o, "Losses");
}

}  // namespace

NetworkSpec TrainOptions::network_spec() const {
  NetworkSpec spec = dmf::network_spec(model);
  spec.in_channels = data.preprocess.channels;
  spec.classes = data.masks.classes;
  spec.seed = seed;
  for (const Setting& setting : spec.settings.all()) {
    spec.settings.set(setting.name, network_settings.value(setting.name));
  }
  if (spec.settings.knows("depth") && spec.settings.whole("depth") == 0) {
    spec.settings.set("depth", std::int64_t{depth_for(data.preprocess.size)});
  }
  return spec;
}

MaskOptions TrainOptions::mask_options() const {
  MaskOptions masks = data.masks;
  masks.ignore_index = ignore_index;
  return masks;
}

void bind_ignore_index(CLI::App& app, TrainOptions& o, const std::string& group) {
  add_value(app, group, "--ignore-index", o.ignore_index,
            "Value in the masks whose pixels take no part, and their label; -1: none")
      ->check(whole_number(-1, 65535));
}

void bind_data_options(CLI::App& app, TrainOptions& options) {
  OptionSet set(app);
  bind_data(set, options);
}

void bind_fusion_options(CLI::App& app, TrainOptions& options) {
  OptionSet set(app);
  bind_fusion(set, options);
}

namespace {

/// All that are in a run's configuration, but for --config.
void bind_all(OptionSet& set, TrainOptions& options, const std::string& recipe) {
  OptionGroup(set, "Options")
      .value("--recipe", options.recipe,
             "What options are that are not given: strong, made on public data; paper, the paper's "
             "protocol; quick, minutes for a demo. Defaults below are those of " +
                 recipe,
             {.may_vary = false})
      ->check(one_of(recipe_names()));
  bind_data(set, options);
  bind_network(set, options);
  bind_training(set, options);
  bind_losses(set, options);
}

}  // namespace

void bind_options(CLI::App& app, TrainOptions& options, const std::string& recipe) {
  app.add_option("--config", CLI::callback_t(), "Read options from this file (a run's config.toml)")
      ->type_name("FILE")
      ->check(not_empty())
      ->configurable(false);
  OptionSet set(app);
  bind_all(set, options, recipe);
  app.get_option("--recipe")->default_val(recipe);
  apply_recipe(app, recipe);
  app.parse_complete_callback([&] { settle_options(app, options); });
}

const Nature& nature_of(const std::string& name) {
  static const std::map<std::string, Nature> natures = [] {
    TrainOptions options;
    CLI::App app;
    OptionSet set(app);
    bind_all(set, options, kTrainRecipe);
    return set.natures();
  }();
  static const Nature kDefining;
  const auto found = natures.find(name);
  return found == natures.end() ? kDefining : found->second;
}

}  // namespace dmf
