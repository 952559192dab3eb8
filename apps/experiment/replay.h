#pragma once

#include <filesystem>
#include <string>

#include "apps/files/csv.h"
#include "dmf/fusion.h"

namespace dmf {

/// The weights that a rule would have given on the losses that a run recorded.
struct Replay {
  std::vector<std::string> losses;
  std::vector<double> steps;
  std::vector<std::vector<double>> weights;  // by step, one a loss
  std::vector<double> gamma;

  std::string csv() const;
  /// A page with the chart.
  std::string html(const std::string& title) const;
};

/// steps  a run's steps.csv: raw losses under their names, each with a column weight_NAME
/// spec   the rule and its options; its losses are taken from the table. A step that the run left
///        out, its losses not being finite, is left out here too
/// throws IoError for a table without losses, ValueError for a rule that cannot be
Replay replay(const CsvTable& steps, FusionSpec spec);

}  // namespace dmf
