#pragma once

#include <string>
#include <vector>

#include "apps/options/options.h"

namespace dmf {

/// Which configurations a grid holds, and how often each is repeated.
struct PlanOptions {
  /// "WEIGHTING" or "WEIGHTING+AUXILIARY", either a name or a formula. The default is the paper's grid (rules variance, MAD and
  /// Bayesian, auxiliary Tversky, Focal, CB-Dice or none, and fixed weights) with its controls:
  /// fixed and random weights with each auxiliary.
  std::vector<std::string> configurations = default_configurations();
  /// "KEY=VALUE VALUE ...": options of train that take several values each; the grid is the
  /// product.
  std::vector<std::string> vary;
  int repeats = 10;
  /// "KEY=VALUE; KEY=VALUE": one more configuration each, the first of them with these options of
  /// train changed: the ablations of a recipe, or other fixed weights.
  std::vector<std::string> ablate = {};

  static std::vector<std::string> default_configurations();
};

/// One run of a grid.
struct PlannedRun {
  std::string configuration;  // "variance+cb_dice", with what else varies: "variance,lr=0.001"
  int repetition = 1;         // from 1
  std::string config;         // the configuration file for train
};

/// "variance+cb_dice", or "variance" without an auxiliary loss.
std::string configuration_name(const TrainOptions& options);

/// Every run of the grid, all configurations of a repetition before the next, so that a grid that
/// is stopped early can be compared. Repetition r has the seed of the options plus r - 1, and so
/// the same initial weights, split and order of images in every configuration. In cross-validation
/// it tests on fold r, counted round, and each round has a partition of its own.
///
/// config  what all runs share, as config_text() writes it
/// throws  ValueError for a plan that is empty or names a configuration twice; IoError naming an
///         option or value that train does not take
std::vector<PlannedRun> plan_runs(const std::string& config, const PlanOptions& plan);

}  // namespace dmf
