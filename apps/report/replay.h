#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/files/csv.h"
#include "dmf/fusion.h"

namespace dmf {

/// What a run recorded, without the steps that it left out.
struct Recorded {
  std::vector<std::string> losses;
  std::vector<double> steps;
  std::vector<std::vector<double>> values, weights;  // by step, one a loss
  std::vector<double> gamma;                         // by step
  std::int64_t steps_per_epoch = 0;
};

/// table   a run's steps.csv: raw losses under their names, each with a column weight_NAME
/// throws  IoError for a table without losses
Recorded recorded(const CsvTable& table);

/// The weights that a rule would have given on the losses that a run recorded.
struct Replay {
  std::string weighting;
  std::vector<std::string> losses;
  std::vector<double> steps;
  std::vector<std::vector<double>> weights;  // by step, one a loss
  std::vector<double> gamma;

  std::string csv() const;
};

/// steps  a run's steps.csv: raw losses under their names, each with a column weight_NAME
/// spec   the rule and its options; its losses are taken from the table. A step that the run left
///        out, its losses not being finite, is left out here too
/// throws IoError for a table without losses, ValueError for a rule that cannot be, or that needs
///        what a table of losses does not have
Replay replay(const CsvTable& steps, FusionSpec spec);

/// Every rule that losses alone can be replayed for.
struct ReplayOfAll {
  std::vector<Replay> rules;
  std::vector<std::string> left_out;  // "famo: why"

  /// As of one rule, with its name in front of every line.
  std::string csv() const;
};
ReplayOfAll replay_all(const CsvTable& steps, const FusionSpec& spec);

/// A page with a chart of each.
///
/// left_out  what else it says
std::string replay_html(const std::vector<Replay>& replays,
                        const std::vector<std::string>& left_out = {});

}  // namespace dmf
