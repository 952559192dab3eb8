#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dmf {

struct Figures {
  std::map<std::filesystem::path, std::string> files;  // names and bytes
  std::string problem;                                 // why some are missing; empty: none is
};

/// What is drawn at any width.
struct Figure {
  std::string name;                           // of its files
  std::function<std::string(int width)> svg;  // a file, so many pixels of 1/96 inch wide
};

/// Draws figures as files: NAME_column.svg and NAME_page.svg, as wide as a column (3.3 inches) and the
/// text (7 inches) of a paper.
std::map<std::filesystem::path, std::string> draw_figures(const std::vector<Figure>& figures);

/// The same, and all as PDF where rsvg-convert is installed.
///
/// throws  IoError with rsvg-convert's words where it fails
Figures draw_figures_for_print(const std::vector<Figure>& figures);

}  // namespace dmf
