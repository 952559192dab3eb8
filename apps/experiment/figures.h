#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/report/page.h"

namespace dmf {

struct Figures {
  std::map<std::filesystem::path, std::string> files;  // names and bytes
  std::string problem;                                 // a line for the terminal if there are none
};

/// Draws charts as standalone SVG files with gnuplot: GROUP_CHART.svg, and figures.gp, which draws
/// them again.
///
/// groups  name and charts of each, as chart() makes them
/// throws  IoError with gnuplot's words where it fails
Figures draw_figures(const std::vector<std::pair<std::string, Json>>& groups);

}  // namespace dmf
