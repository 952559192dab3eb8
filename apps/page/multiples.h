#pragma once

#include <string>
#include <vector>

#include "apps/page/plot.h"

namespace dmf {

/// Small multiples: plots of lines side by side on the same axes, so that they can be compared.
struct Multiples {
  std::string title, x, y;  // x and y: what the axes of all are of
  struct Panel {
    std::string title;
    std::vector<Series> series;
  };
  std::vector<Panel> panels = {};
  bool others_behind = false;             // each panel has the lines of all the others, in grey
  std::optional<AxisRange> y_range = {};  // else as all values need
  std::vector<PlotMark> marks = {};       // in every panel
};

/// For a page. The lines behind are in it once, however many panels there are.
std::string multiples_html(const Multiples& multiples);

/// As a file of its own, so many pixels of 1/96 inch wide.
std::string multiples_file(const Multiples& multiples, int width);

}  // namespace dmf
