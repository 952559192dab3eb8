#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "apps/page/plot.h"

namespace dmf {

struct Figures {
  std::map<std::filesystem::path, std::string> files;  // names and bytes
  std::string problem;                                 // why some are missing; empty: none is
};

/// Draws plots as files: GROUP_PLOT_column.svg and GROUP_PLOT_page.svg, as wide as a column (3.3
/// inches) and the text (7 inches) of a paper, and both as PDF where rsvg-convert is installed.
///
/// groups  name and plots of each
/// throws  IoError with rsvg-convert's words where it fails
Figures draw_figures(const std::vector<std::pair<std::string, std::vector<Plot>>>& groups);

}  // namespace dmf
