#include "apps/page/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/page/svg_file.h"
#include "apps/support/numbers.h"

namespace dmf {
namespace {

constexpr double kLetter = 6.4;  // width of a letter of 12 px, on the average
constexpr int kTop = 22, kRight = 12, kBottom = 36;
constexpr int kDigits = 5;  // of a number under the pointer

/// From numbers to places of the drawing.
struct Frame {
  AxisRange x, y;
  bool log_x, log_y;
  double left, top, right, bottom;

  static double share(double any, const AxisRange& range, bool log) {
    const double value = std::clamp(any, -kLargestShown, kLargestShown);
    if (log) {
      return (std::log(value) - std::log(range.low)) / (std::log(range.high) - std::log(range.low));
    }
    return (value - range.low) / (range.high - range.low);
  }
  double at_x(double value) const { return left + share(value, x, log_x) * (right - left); }
  double at_y(double value) const { return bottom - share(value, y, log_y) * (bottom - top); }
  bool shows(double vx, double vy) const {
    return std::isfinite(vx) && std::isfinite(vy) && (!log_x || vx > 0.0) && (!log_y || vy > 0.0);
  }
};

/// All series' values of one kind, one after the other.
std::vector<double> together(const std::vector<Series>& series,
                             std::vector<double> Series::*values) {
  std::vector<double> all;
  for (const Series& each : series) {
    all.insert(all.end(), (each.*values).begin(), (each.*values).end());
  }
  return all;
}

/// Each series on top of those before it.
std::vector<Series> stacked(std::vector<Series> series) {
  for (std::size_t k = 1; k < series.size(); ++k) {
    for (std::size_t i = 0; i < series[k].y.size(); ++i) series[k].y[i] += series[k - 1].y[i];
  }
  return series;
}

AxisRange x_range(const Plot& plot) {
  if (plot.x_range) return *plot.x_range;
  const std::vector<double> all = together(plot.series, &Series::x);
  if (plot.kind == PlotKind::points || plot.log_x) return range_of(all, plot.log_x);
  return range_of(all, false, 0.0);
}

AxisRange y_range(const Plot& plot, const std::vector<Series>& drawn) {
  if (plot.y_range) return *plot.y_range;
  std::vector<double> all = together(drawn, &Series::y);
  for (const auto values : {&Series::low, &Series::high}) {
    const std::vector<double> more = together(drawn, values);
    all.insert(all.end(), more.begin(), more.end());
  }
  for (const PlotMark& mark : plot.marks) {
    if (!mark.upright) all.push_back(mark.at);
  }
  if (plot.kind == PlotKind::stacked) all.push_back(0.0);
  return range_of(all, plot.log_y);
}

/// "s2", and dashed where colours begin anew.
std::string line_class(std::size_t k) {
  return fmt::format("s{}{}", k % kPlotColours, k >= kPlotColours ? " dash" : "");
}

/// The line through the points, broken where there is no number.
std::string path_of(const Frame& frame, const std::vector<double>& x,
                    const std::vector<double>& y) {
  std::string path;
  bool open = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!frame.shows(x[i], y[i])) {
      open = false;
      continue;
    }
    path += fmt::format("{}{:.1f} {:.1f}", open ? "L" : "M", frame.at_x(x[i]), frame.at_y(y[i]));
    open = true;
  }
  return path;
}

/// The area between two lines over the same x.
std::string area_of(const Frame& frame, const std::vector<double>& x,
                    const std::vector<double>& low, const std::vector<double>& high) {
  std::string path;
  for (std::size_t i = 0; i < x.size(); ++i) {
    path +=
        fmt::format("{}{:.1f} {:.1f}", i == 0 ? "M" : "L", frame.at_x(x[i]), frame.at_y(high[i]));
  }
  for (std::size_t i = x.size(); i-- > 0;) {
    path += fmt::format("L{:.1f} {:.1f}", frame.at_x(x[i]), frame.at_y(low[i]));
  }
  return path + "Z";
}

/// A circle, triangle, square or rhombus about a point, by the number of its series.
std::string shape_of(std::size_t k, double x, double y) {
  switch (k % 4) {
    case 0:
      return fmt::format("M{:.1f} {:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", x - 4, y);
    case 1:
      return fmt::format("M{:.1f} {:.1f}l5 8h-10z", x, y - 5);
    case 2:
      return fmt::format("M{:.1f} {:.1f}h7v7h-7z", x - 3.5, y - 3.5);
    default:
      return fmt::format("M{:.1f} {:.1f}l5 5l-5 5l-5 -5z", x, y - 5);
  }
}

std::string axes_of(const Plot& plot, const Frame& frame,
                    const std::vector<std::pair<double, std::string>>& y_ticks) {
  std::string text;
  for (const auto& [value, number] : y_ticks) {
    const double y = frame.at_y(value);
    text += fmt::format(
        "<path class=\"grid\" d=\"M{:.1f} {:.1f}H{:.1f}\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>\n",
        frame.left, y, frame.right, frame.left - 5, y + 4, number);
  }
  const int most = std::max(4, static_cast<int>((frame.right - frame.left) / 70.0));
  for (const auto& [value, number] : axis_ticks(frame.x, most, plot.log_x)) {
    const double x = frame.at_x(value);
    text += fmt::format(
        "<path class=\"grid\" d=\"M{:.1f} {:.1f}v4\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"middle\">{}</text>\n",
        x, frame.bottom, x, frame.bottom + 16, number);
  }
  text += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>\n", frame.left,
                      frame.bottom, frame.right);
  text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                      frame.right, frame.bottom + 31, escaped(plot.x));
  return text + fmt::format("<text x=\"2\" y=\"12\">{}</text>\n", escaped(plot.y));
}

std::string marks_of(const Plot& plot, const Frame& frame) {
  std::string text;
  for (const PlotMark& mark : plot.marks) {
    if (mark.upright) {
      const double x = frame.at_x(mark.at);
      const bool late = x > 0.6 * frame.right;
      text += fmt::format(
          "<path class=\"mark\" d=\"M{0:.1f} {1:.1f}V{2:.1f}\"/><text x=\"{3:.1f}\" y=\"{4:.1f}\" "
          "text-anchor=\"{5}\">{6}</text>\n",
          x, frame.top, frame.bottom, x + (late ? -4 : 4), frame.top + 10, late ? "end" : "start",
          escaped(mark.text));
    } else {
      const double y = frame.at_y(mark.at);
      text += fmt::format(
          "<path class=\"mark\" d=\"M{0:.1f} {1:.1f}H{2:.1f}\"/><text x=\"{2:.1f}\" y=\"{3:.1f}\" "
          "text-anchor=\"end\">{4}</text>\n",
          frame.left, y, frame.right, y - 3, escaped(mark.text));
    }
  }
  return text;
}

std::string series_of(const Plot& plot, const Frame& frame, const std::vector<Series>& drawn) {
  std::string text;
  for (std::size_t k = 0; k < drawn.size(); ++k) {
    const Series& each = drawn[k];
    text += fmt::format("<g data-series=\"{}\">", k);
    if (plot.kind == PlotKind::stacked) {
      const std::vector<double> floor =
          k == 0 ? std::vector<double>(each.y.size()) : drawn[k - 1].y;
      text += fmt::format("<path class=\"f{}\" d=\"{}\"/>", k % kPlotColours,
                          area_of(frame, each.x, floor, each.y));
    } else if (plot.kind == PlotKind::points) {
      for (std::size_t i = 0; i < each.x.size(); ++i) {
        if (!frame.shows(each.x[i], each.y[i])) continue;
        const std::string row =
            i < each.rows.size() ? fmt::format(" data-row=\"{}\"", escaped(each.rows[i])) : "";
        text += fmt::format("<path class=\"{} dot\"{} d=\"{}\"/>", line_class(k), row,
                            shape_of(k, frame.at_x(each.x[i]), frame.at_y(each.y[i])));
      }
    } else {
      if (!each.low.empty()) {
        text += fmt::format("<path class=\"f{} band\" d=\"{}\"/>", k % kPlotColours,
                            area_of(frame, each.x, each.low, each.high));
      }
      text += fmt::format("<path class=\"{}\" d=\"{}\"/>", line_class(k),
                          path_of(frame, each.x, each.y));
    }
    text += "</g>\n";
  }
  return text;
}

std::string diagonal_of(const Frame& frame) {
  const double low = std::max(frame.x.low, frame.y.low),
               high = std::min(frame.x.high, frame.y.high);
  return fmt::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>\n", frame.at_x(low),
                     frame.at_y(low), frame.at_x(high), frame.at_y(high));
}

struct Layout {
  Frame frame;
  std::vector<std::pair<double, std::string>> y_ticks;
};

/// series  as they are drawn
Layout layout_of(const Plot& plot, const std::vector<Series>& series) {
  Layout layout{{x_range(plot), y_range(plot, series), plot.log_x, plot.log_y, 0.0, kTop, 0.0, 0.0},
                {}};
  Frame& frame = layout.frame;
  frame.right = plot.width - kRight;
  frame.bottom = plot.height - kBottom;
  layout.y_ticks = axis_ticks(frame.y, std::max(4, plot.height / 45), plot.log_y);
  std::size_t letters = 1;
  for (const auto& tick : layout.y_ticks) letters = std::max(letters, tick.second.size());
  frame.left = plot.left > 0 ? plot.left : 10.0 + kLetter * static_cast<double>(letters);
  return layout;
}

struct Drawing {
  Frame frame;
  std::string elements;
};

Drawing draw(const Plot& plot) {
  const std::vector<Series> series =
      plot.kind == PlotKind::stacked ? stacked(plot.series) : plot.series;
  const Layout layout = layout_of(plot, series);
  const Frame& frame = layout.frame;
  return {frame, axes_of(plot, frame, layout.y_ticks) + plot.behind +
                     (plot.diagonal ? diagonal_of(frame) : "") + series_of(plot, frame, series) +
                     marks_of(plot, frame)};
}

/// What the lines do, in words.
std::string description(const Plot& plot) {
  std::string text = fmt::format("{} over {}.", plot.y, plot.x);
  for (const Series& each : plot.series) {
    std::vector<std::size_t> known;
    for (std::size_t i = 0; i < each.y.size(); ++i) {
      if (std::isfinite(each.y[i])) known.push_back(i);
    }
    if (known.empty()) continue;
    const auto less = [&](std::size_t a, std::size_t b) { return each.y[a] < each.y[b]; };
    const auto [low, high] = std::minmax_element(known.begin(), known.end(), less);
    if (plot.kind == PlotKind::points) {
      text += fmt::format(" {}: {} points from {:.3g} to {:.3g}.", each.name, known.size(),
                          each.y[*low], each.y[*high]);
      continue;
    }
    text += fmt::format(" {}: from {:.3g} to {:.3g}", each.name, each.y[known.front()],
                        each.y[known.back()]);
    text += fmt::format(", least {:.3g} at {:.4g}, most {:.3g} at {:.4g}.", each.y[*low],
                        each.x[*low], each.y[*high], each.x[*high]);
  }
  return text;
}

Json numbers_of(const std::vector<double>& values) {
  Json numbers = Json::array();
  for (const double value : values) {
    numbers.push_back(std::isfinite(value) ? Json(rounded(value, kDigits)) : Json());
  }
  return numbers;
}

/// data-box  where the axes lie, for scripts: left, top, right, bottom
std::string svg_of(const Plot& plot, const Drawing& drawing) {
  const Frame& frame = drawing.frame;
  return fmt::format(
      "<svg class=\"plot\" viewBox=\"0 0 {} {}\" data-box=\"{} {} {} {}\" role=\"img\" "
      "aria-label=\"{}\"><desc>{}</desc>\n{}</svg>\n",
      plot.width, plot.height, frame.left, frame.top, frame.right, frame.bottom,
      escaped(plot.title), escaped(description(plot)), drawing.elements);
}

/// What a script needs to show numbers under the pointer.
Json numbers_of(const Plot& plot, const Frame& frame) {
  Json series = Json::array();
  for (const Series& each : plot.series) {
    Json one = {{"name", each.name}, {"y", numbers_of(each.y)}};
    if (series.empty() || each.x != plot.series.front().x) one["x"] = numbers_of(each.x);
    series.push_back(std::move(one));
  }
  return {{"x", plot.x},
          {"log", plot.log_x},
          {"from", frame.x.low},
          {"to", frame.x.high},
          {"series", std::move(series)}};
}

/// What stands for a series in a legend.
std::string swatch(const Plot& plot, std::size_t k, double x, double y) {
  switch (plot.kind) {
    case PlotKind::stacked:
      return fmt::format("<path class=\"f{}\" d=\"M{} {}h14v8h-14z\"/>", k % kPlotColours, x,
                         y - 4);
    case PlotKind::points:
      return fmt::format("<path class=\"{} dot\" d=\"{}\"/>", line_class(k), shape_of(k, x + 7, y));
    case PlotKind::lines:
      break;
  }
  return fmt::format("<path class=\"{}\" d=\"M{} {}h14\"/>", line_class(k), x, y);
}

}  // namespace

Series Series::thinned(std::size_t points) const {
  if (x.size() <= points) return *this;
  Series result{name, {}, {}};
  for (std::size_t k = 0; k < points; ++k) {
    const std::size_t from = k * x.size() / points, to = (k + 1) * x.size() / points;
    double sum_x = 0.0, sum_y = 0.0;
    for (std::size_t i = from; i < to; ++i) {
      sum_x += x[i];
      sum_y += y[i];
    }
    const auto [least, most] = std::minmax_element(y.begin() + static_cast<std::ptrdiff_t>(from),
                                                   y.begin() + static_cast<std::ptrdiff_t>(to));
    result.x.push_back(sum_x / static_cast<double>(to - from));
    result.y.push_back(sum_y / static_cast<double>(to - from));
    result.low.push_back(*least);
    result.high.push_back(*most);
  }
  return result;
}

std::string plot_svg(const Plot& plot) {
  return svg_of(plot, draw(plot));
}

std::string plot_elements(const Plot& plot, double& height) {
  std::string head =
      fmt::format("<text class=\"title\" x=\"2\" y=\"14\">{}</text>\n", escaped(plot.title));
  double x = 2.0, y = 32.0;
  for (std::size_t k = 0; plot.series.size() > 1 && k < plot.series.size(); ++k) {
    const double width = 30.0 + kLetter * static_cast<double>(plot.series[k].name.size());
    if (x > 2.0 && x + width > plot.width) {
      x = 2.0;
      y += 16.0;
    }
    head += swatch(plot, k, x, y - 4);
    head += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x + 18, y,
                        escaped(plot.series[k].name));
    x += width;
  }
  const double above = plot.series.size() > 1 ? y + 8.0 : 22.0;
  height = plot.height + above;
  return head +
         fmt::format("<g transform=\"translate(0 {:.0f})\">\n{}</g>", above, draw(plot).elements);
}

std::string plot_lines(const Plot& plot) {
  const Frame frame = layout_of(plot, plot.series).frame;
  std::string text;
  for (const Series& each : plot.series) {
    text += fmt::format("<path d=\"{}\"/>", path_of(frame, each.x, each.y));
  }
  return text;
}

std::string plot_file(const Plot& plot) {
  double height = 0.0;
  const std::string elements = plot_elements(plot, height);
  return svg_file(plot.title, description(plot), plot.width, height, elements);
}

std::string plots_html(const std::vector<Plot>& plots, bool small) {
  std::string text = small ? "<div class=\"plots small\">\n" : "<div class=\"plots\">\n";
  for (const Plot& plot : plots) {
    text += fmt::format("<figure class=\"plot-of\">\n<h3>{}</h3>\n", escaped(plot.title));
    if (plot.series.size() > 1) {
      text += "<div class=\"legend\">";
      for (std::size_t k = 0; k < plot.series.size(); ++k) {
        text += fmt::format(
            "<button data-series=\"{}\" aria-pressed=\"true\"><svg viewBox=\"0 0 14 12\" "
            "aria-hidden=\"true\">{}</svg>{}</button>",
            k, swatch(plot, k, 0, 6), escaped(plot.series[k].name));
      }
      text += "</div>\n";
    }
    const Drawing drawing = draw(plot);
    text += svg_of(plot, drawing);
    text += data_element(numbers_of(plot, drawing.frame)) + "</figure>\n";
  }
  return text + "</div>\n";
}

}  // namespace dmf
