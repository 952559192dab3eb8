#include "apps/options/options.h"

#include <CLI/CLI.hpp>

#include <map>

#include "apps/options/augment_option.h"
#include "apps/options/config_file.h"
#include "apps/options/recipes.h"
#include "apps/support/option_set.h"
#include "layers/networks/encoder_size.h"

namespace dmf {

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

void bind_data_options(OptionSet& set, TrainOptions& o) {
  o.data.bind(set);
  o.split.bind(set);
  add_augment_option(set, "Data", o.augment);
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
  bind_data_options(set, options);
  options.NetworkOptions::bind(set);
  options.StepOptions::bind(set);
  options.RunOptions::bind(set);
  options.ObjectiveOptions::bind(set);
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
