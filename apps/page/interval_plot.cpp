#include "apps/page/interval_plot.h"

#include <fmt/format.h>

#include "apps/page/html.h"
#include "apps/page/svg_file.h"
#include "apps/page/ticks.h"

namespace dmf {
namespace {

constexpr double kLeft = 8.0, kTop = 8.0, kRow = 34.0, kBottom = 36.0;  // in pixels

struct Drawing {
  double height;
  std::string elements;
};

/// Names stand above their intervals: there is no telling how long they are.
Drawing draw(const IntervalPlot& plot) {
  std::vector<double> values = {0.0};
  for (const IntervalPlot::Row& row : plot.rows) {
    values.insert(values.end(), {row.value, row.low, row.high});
  }
  const AxisRange range = range_of(values, false);
  const double right = plot.width - kLeft,
               bottom = kTop + kRow * static_cast<double>(plot.rows.size());
  const auto at = [&](double value) {
    return kLeft + (value - range.low) / (range.high - range.low) * (right - kLeft);
  };
  std::string text;
  for (const auto& [value, number] : axis_ticks(range, std::max(2, plot.width / 70), false)) {
    text += fmt::format(
        "<path class=\"grid\" d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/><text x=\"{0:.1f}\" y=\"{3:.1f}\" "
        "text-anchor=\"middle\">{4}</text>\n",
        at(value), kTop, bottom + 4, bottom + 16, number);
  }
  text +=
      fmt::format("<path class=\"axis\" d=\"M{0:.1f} {1:.1f}V{2:.1f}M{3:.1f} {2:.1f}H{4:.1f}\"/>\n",
                  at(0.0), kTop, bottom, kLeft, right);
  for (std::size_t k = 0; k < plot.rows.size(); ++k) {
    const IntervalPlot::Row& row = plot.rows[k];
    const double y = kTop + kRow * static_cast<double>(k);
    text += fmt::format(
        "<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text><text x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>\n",
        kLeft, y + 12, escaped(row.name), right, y + 12, escaped(row.note));
    text += fmt::format(
        "<g data-series=\"{}\"><path class=\"s0\" d=\"M{:.1f} {:.1f}H{:.1f}\"/><path class=\"s0 {}\" "
        "d=\"M{:.1f} {:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0\"/></g>\n",
        k, at(row.low), y + 23, at(row.high), row.filled ? "f0" : "hollow", at(row.value) - 4,
        y + 23);
  }
  text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", right,
                      bottom + 31, escaped(plot.x));
  return {bottom + kBottom, text};
}

std::string description(const IntervalPlot& plot) {
  std::string text = plot.x + ".";
  for (const IntervalPlot::Row& row : plot.rows) {
    text += fmt::format(" {}: {:+.3f}, {:+.3f} to {:+.3f}, {}.", row.name, row.value, row.low,
                        row.high, row.note);
  }
  return text;
}

}  // namespace

std::string interval_plot_html(const IntervalPlot& plot) {
  const Drawing drawing = draw(plot);
  return fmt::format(
      "<figure class=\"intervals\">\n<svg class=\"plot\" viewBox=\"0 0 {} {:.0f}\" role=\"img\" "
      "aria-label=\"{}\"><desc>{}</desc>\n{}</svg></figure>\n",
      plot.width, drawing.height, escaped(plot.title), escaped(description(plot)),
      drawing.elements);
}

std::string interval_plot_file(const IntervalPlot& plot) {
  const Drawing drawing = draw(plot);
  return svg_file(plot.title, description(plot), plot.width, drawing.height, drawing.elements);
}

}  // namespace dmf
