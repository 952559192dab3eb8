#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/page/html.h"
#include "apps/page/ticks.h"

namespace dmf {

/// One line of a plot. Values that are not finite leave a gap.
struct Series {
  std::string name;
  std::vector<double> x, y;
  std::vector<double> low = {}, high = {};  // a band around it; empty: none
  std::vector<std::string> rows = {};       // of each point, the row of a table that it stands for

  /// At most so many points: of neighbours the mean, and as the band their least and largest.
  Series thinned(std::size_t points) const;
};

/// A straight line across a plot with a word beside it: "1/3", "the rule acts".
struct PlotMark {
  double at = 0.0;
  std::string text;
  bool upright = false;  // at a place of the x axis
};

enum class PlotKind {
  lines,
  points,   // one for each value, a shape a series
  stacked,  // areas one upon the other, all series over the same x
};

/// Numbers over numbers with their axes, to be drawn.
struct Plot {
  std::string title, x, y;  // x and y: what the axes are of, with the unit
  std::vector<Series> series = {};
  PlotKind kind = PlotKind::lines;
  bool log_x = false, log_y = false;
  std::optional<AxisRange> x_range = {};  // the same for plots that are compared; else the values'
  std::optional<AxisRange> y_range = {};
  std::vector<PlotMark> marks = {};
  bool diagonal = false;          // a line where x and y are equal
  std::string behind = {};        // SVG of the same coordinates that is drawn before the series
  int width = 440, height = 260;  // of the drawing; a page scales it to the room there is
  int left = 0;                   // of the axis; 0: as its numbers need
};

/// How many series have a colour of their own; the next ones repeat them, dashed.
constexpr std::size_t kPlotColours = 6;

/// The plot as SVG with the page's colours (dark, light and print). For those who cannot see it its
/// description says where each line begins, ends and turns.
std::string plot_svg(const Plot& plot);

/// The plot's elements without the SVG element about them, under its title and legend.
///
/// height  becomes how high they are
std::string plot_elements(const Plot& plot, double& height);

/// The lines alone, where the plot has them.
std::string plot_lines(const Plot& plot);

/// The plot as a file of its own, with its title, a legend and fixed colours.
std::string plot_file(const Plot& plot);

/// Plots of a page, each with title, legend and its numbers, which scripts show under the pointer.
///
/// small  several in a row
std::string plots_html(const std::vector<Plot>& plots, bool small = false);

/// Numbers from -1 to 1 as colours: a row for each series, all over the same x.
struct HeatMap {
  std::string title, x;
  std::vector<Series> series;
  std::string low, high;  // what -1 and 1 say
};
std::string heat_map_html(const HeatMap& map);

}  // namespace dmf
