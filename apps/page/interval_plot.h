#pragma once

#include <string>
#include <vector>

namespace dmf {

/// Numbers with intervals, a row each, over one axis with a line at 0 (a forest plot).
struct IntervalPlot {
  std::string title, x;  // x: what the axis is of, with the unit
  struct Row {
    std::string name;
    double value, low, high;
    std::string note;     // at the row's end: "n 42"
    bool filled = false;  // its point stands out
  };
  std::vector<Row> rows = {};
  int width = 440;  // of the drawing; a page scales it to the room there is
};

/// For a page.
std::string interval_plot_html(const IntervalPlot& plot);

/// As a file of its own.
std::string interval_plot_file(const IntervalPlot& plot);

}  // namespace dmf
