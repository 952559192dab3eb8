#include "apps/options/recipes.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>

#include "apps/options/config_file.h"
#include "apps/options/config_lines.h"
#include "apps/support/text.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// What an option is under each recipe.
struct Row {
  const char *key, *strong, *paper, *quick;
};

// An option whose default changes gets a row: `paper` keeps what it was, so that configurations of
// older runs, and the paper's grid, go on to mean what they meant.
constexpr Row kRows[] = {
    {"image", "128", "128", "128"},
    {"fit", "pad", "squash", "squash"},
    {"label-resize", "share", "nearest", "share"},
    {"score-at", "original", "network", "original"},
    {"inference", "validation", "plain", "plain"},
    {"split", "given-or-grouped", "given-or-random", "given-or-random"},
    {"validation-share", "0.1", "0", "0"},
    {"augment", "strong", "none", "flips"},
    {"model", "classic", "paper", "paper"},
    {"base-width", "16", "32", "32"},
    {"deep-supervision", "3", "0", "0"},
    {"epochs", "100", "20", "10"},
    {"batch", "16", "32", "16"},
    {"optimizer", "adamw", "adam", "adam"},
    {"lr", "0.002", "0.001", "0.001"},
    {"weight-decay", "0.01", "0", "0"},
    {"warmup-steps", "100", "0", "0"},
    {"ema", "0.995", "0", "0"},
    {"losses", "cce,mean_dice", "cce,mean_iou,mean_dice", "cce,mean_iou,mean_dice"},
    {"auxiliary", "none", "none", "cb_dice"},
    {"weighting", "fixed", "variance", "variance"},
    {"history-size", "50", "50", "30"},
    {"batch-track-steps", "100", "100", "5"},
};

// Keys that every run's file, and every grid's, had before there were recipes.
constexpr const char* kOlderKeys[] = {
    "image",        "channels",
    "resize",       "fit",
    "bilateral",    "split",
    "split-seed",   "folds",
    "fold",         "augment",
    "model",        "depth",
    "base-width",   "dropout",
    "bn-eps",       "bn-momentum",
    "epochs",       "batch",
    "optimizer",    "lr",
    "momentum",     "nesterov",
    "weight-decay", "schedule",
    "ema",          "warmup-steps",
    "clip-norm",    "seed",
    "losses",       "history-size",
    "aux-gamma0",   "aux-lambda",
    "reduction",    "batch-track-steps",
    "focal-gamma",  "tversky-alpha",
};

}  // namespace

std::vector<std::string> recipe_names() {
  return {"strong", "paper", "quick"};
}

std::vector<std::pair<std::string, std::string>> recipe_settings(const std::string& recipe) {
  const std::vector<std::string> names = recipe_names();
  DMF_CHECK(std::find(names.begin(), names.end(), recipe) != names.end(), IoError,
            "[config] got the recipe '{}', expected {}.", recipe, fmt::join(names, ", "));
  std::vector<std::pair<std::string, std::string>> settings;
  for (const Row& row : kRows) {
    settings.emplace_back(row.key, recipe == "strong"  ? row.strong
                                   : recipe == "paper" ? row.paper
                                                       : row.quick);
  }
  return settings;
}

void set_defaults(CLI::App& app, const std::vector<std::pair<std::string, std::string>>& settings) {
  for (const auto& [key, value] : settings) {
    CLI::Option& option = *app.get_option("--" + key);
    if (option.count() == 0) option.default_val(value);
  }
}

void apply_recipe(CLI::App& app, const std::string& recipe) {
  set_defaults(app, recipe_settings(recipe));
}

bool is_whole(std::string_view config) {
  const std::map<std::string, std::string> there = config_values(config);
  return std::all_of(std::begin(kOlderKeys), std::end(kOlderKeys),
                     [&](const char* key) { return there.contains(key); });
}

std::string older_recipe(std::string_view config) {
  return is_whole(config) && !config_values(config).contains("recipe") ? "paper" : "";
}

std::string describe_recipe(const CLI::App& app) {
  const std::string recipe = option_text(*app["--recipe"]);
  std::vector<std::string> sets, others;
  for (const auto& [key, value] : recipe_settings(recipe)) {
    const CLI::Option& option = *app["--" + key];
    if (!option.get_configurable()) continue;
    sets.push_back(key + " " + value);
    const std::string actual = option_text(option);
    if (actual != value) others.push_back(key + " " + actual);
  }
  return "recipe    " +
         wrapped(fmt::format("{}: {}{}{}", recipe, fmt::join(sets, ", "),
                             others.empty() ? "" : "; set otherwise: ", fmt::join(others, ", ")),
                 10, 80);
}

}  // namespace dmf
