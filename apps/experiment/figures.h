#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/report/page.h"

namespace dmf {

/// Draws charts as standalone SVG files with gnuplot: GROUP_CHART.svg.
///
/// groups  name and charts of each, as chart() makes them
/// return  a line for the terminal: where they are, or that gnuplot is not installed
/// throws  IoError with gnuplot's words where it fails
std::string write_figures(const std::vector<std::pair<std::string, Json>>& groups,
                          const std::filesystem::path& folder);

}  // namespace dmf
