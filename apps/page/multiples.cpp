#include "apps/page/multiples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "apps/page/svg_file.h"

namespace dmf {
namespace {

constexpr int kWidth = 230, kHeight = 150;  // of a panel on a page

/// The panels as plots on the same axes.
std::vector<Plot> plots_of(const Multiples& multiples, int width, int height) {
  std::vector<double> x, y;
  for (const PlotMark& mark : multiples.marks) {
    if (!mark.upright) y.push_back(mark.at);
  }
  for (const Multiples::Panel& panel : multiples.panels) {
    for (const Series& each : panel.series) {
      x.insert(x.end(), each.x.begin(), each.x.end());
      for (const auto* values : {&each.y, &each.low, &each.high}) {
        y.insert(y.end(), values->begin(), values->end());
      }
    }
  }
  std::vector<Plot> plots;
  for (const Multiples::Panel& panel : multiples.panels) {
    Plot plot{.title = panel.title, .x = multiples.x, .y = multiples.y, .series = panel.series};
    plot.x_range = range_of(x, false, 0.0);
    plot.y_range = multiples.y_range.value_or(range_of(y, false));
    plot.marks = multiples.marks;
    plot.width = width;
    plot.height = height;
    plots.push_back(std::move(plot));
  }
  return plots;
}

/// As much of a title as fits so many pixels.
std::string shortened(const std::string& title, int width) {
  constexpr int kLetter = 8;  // pixels of a bold one
  const auto most = static_cast<std::size_t>(std::max(width / kLetter, 2));
  return title.size() <= most ? title : title.substr(0, most - 1) + "…";
}

/// Has all plots refer to the lines of all of them.
///
/// return  the element that they refer to
std::string put_behind(const Multiples& multiples, std::vector<Plot>& plots) {
  std::string id = "behind-";
  for (const char c : multiples.title) {
    id += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  }
  std::string lines;
  for (const Plot& plot : plots) lines += plot_lines(plot);
  for (Plot& plot : plots) plot.behind = fmt::format("<use href=\"#{}\"/>\n", id);
  return fmt::format("<defs><g id=\"{}\" class=\"behind\">{}</g></defs>", id, lines);
}

}  // namespace

std::string multiples_html(const Multiples& multiples) {
  std::vector<Plot> plots = plots_of(multiples, kWidth, kHeight);
  if (!multiples.others_behind || plots.size() < 2) return plots_html(plots, true);
  const std::string lines = put_behind(multiples, plots);
  return fmt::format("<svg class=\"shared\" aria-hidden=\"true\">{}</svg>\n", lines) +
         plots_html(plots, true);
}

std::string multiples_file(const Multiples& multiples, int width) {
  constexpr int kLeast = 155, kGap = 12;  // pixels of a panel's width and between them
  const int columns =
      std::clamp(width / kLeast, 1, std::max<int>(1, static_cast<int>(multiples.panels.size())));
  const int panel = (width - kGap * (columns - 1)) / columns;
  std::vector<Plot> plots = plots_of(multiples, panel, panel * 2 / 3);
  std::string elements =
      fmt::format("<text class=\"title\" x=\"2\" y=\"14\">{}</text>\n", escaped(multiples.title));
  if (multiples.others_behind && plots.size() > 1) elements += put_behind(multiples, plots);
  double top = 22.0, highest = 0.0;
  for (std::size_t k = 0; k < plots.size(); ++k) {
    const int column = static_cast<int>(k) % columns;
    if (column == 0) {
      top += highest;
      highest = 0.0;
    }
    plots[k].title = shortened(plots[k].title, panel);
    double height = 0.0;
    const std::string drawn = plot_elements(plots[k], height);
    elements += fmt::format("<g transform=\"translate({} {:.0f})\">{}</g>\n",
                            column * (panel + kGap), top, drawn);
    highest = std::max(highest, height);
  }
  return svg_file(multiples.title,
                  fmt::format("{} over {}, a panel each of {}.", multiples.y, multiples.x,
                              multiples.panels.size()),
                  width, top + highest, elements);
}

}  // namespace dmf
