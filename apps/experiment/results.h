#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/evaluation/scoreboard.h"
#include "apps/options/options.h"
#include "apps/run/provenance.h"

namespace dmf {

/// A finished run as its folder tells it.
struct RunResult {
  std::filesystem::path folder;
  TrainOptions options;
  std::string configuration;  // "variance+cb_dice", with what else differs between the runs
  std::map<std::string, std::string> settings;  // of config.toml what may vary in a grid
  std::string repetition;  // "seed 1": runs of one repetition share split and initial weights
  Provenance from;
  std::vector<ImageScore> images;
  Scoreboard board;  // without intervals
};

/// Runs of one data set under several configurations, each repeated.
struct Results {
  std::vector<std::string> configurations;                        // controls first
  std::vector<std::string> repetitions;                           // in order of their seeds
  std::map<std::pair<std::string, std::string>, RunResult> runs;  // by configuration, repetition
  std::vector<std::string> unfinished;                      // folders of runs that are not done
  std::vector<std::pair<std::string, std::string>> failed;  // folder and reason

  const RunResult* find(const std::string& configuration, const std::string& repetition) const;
  /// Of one configuration, in the order of repetitions.
  std::vector<const RunResult*> of(const std::string& configuration) const;
};

/// Reads a finished run; its configuration is named by rule and auxiliary loss alone.
///
/// throws  IoError where it is not finished, or for a file that is not sound
RunResult read_run(const std::filesystem::path& folder);

/// throws  IoError where two runs are of different data sets, naming what changed
void require_one_data_set(const RunResult& a, const RunResult& b);

/// Reads all finished runs in these folders or below.
///
/// throws  IoError when there are none, when they are of different data sets or versions, when two
///         are of the same configuration and repetition, or for a file that is not sound
Results read_results(const std::vector<std::string>& folders);

}  // namespace dmf
