#pragma once

#include <set>
#include <string>
#include <vector>

#include "apps/data/data_options.h"
#include "apps/data/split_options.h"
#include "apps/options/network_options.h"
#include "apps/options/objective_options.h"
#include "apps/options/run_options.h"
#include "apps/options/step_options.h"
#include "apps/support/option_nature.h"

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

class OptionSet;

/// Everything that defines a training run: each field is an option of `train` and a key of its
/// configuration file. Defaults are those of the recipe `paper`: the paper's protocol where it
/// gives one.
struct TrainOptions : NetworkOptions, StepOptions, RunOptions, ObjectiveOptions {
  std::string recipe = "paper";           // what options not given are, see recipes.h
  std::set<std::string> on_command_line;  // options given there, "--lr": for warnings

  DataOptions data;
  SplitOptions split;
  std::string augment = "none";  // see parse_composition()

  NetworkSpec network_spec() const;
  MaskOptions mask_options() const;
};

/// Adds an option for every field, --recipe and --config. What was not given on the command line is
/// then taken from the configuration file, and else from the recipe, see config_file.h.
///
/// recipe  the one that is used, and whose values --help shows, unless another is asked for
void bind_options(CLI::App& app, TrainOptions& options, const std::string& recipe);
/// Only those of the data.
void bind_data_options(OptionSet& set, TrainOptions& options);

/// The nature of an option of bind_options() by its name without dashes; of another name that of one
/// that says nothing of itself.
const Nature& nature_of(const std::string& name);

}  // namespace dmf
