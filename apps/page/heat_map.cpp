#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "apps/image/codecs/image_file.h"
#include "apps/page/plot.h"

namespace dmf {
namespace {

/// A pixel for each number: blue for 1, orange for -1, the clearer the nearer to 0, so that the page's
/// own shade shows through.
std::string colours_of(const HeatMap& map) {
  std::vector<std::uint8_t> pixels;
  for (const Series& row : map.series) {
    for (const double value : row.y) {
      const double share = std::isfinite(value) ? std::min(1.0, std::abs(value)) : 0.0;
      const std::uint8_t colour[3][2] = {{0, 213}, {114, 94}, {178, 0}};
      for (const auto& channel : colour) pixels.push_back(channel[value < 0.0 ? 1 : 0]);
      pixels.push_back(static_cast<std::uint8_t>(std::lround(255.0 * share)));
    }
  }
  const int height = static_cast<int>(map.series.size()),
            width = static_cast<int>(map.series.front().x.size());
  return data_uri("image/png", encode_png(height, width, 4, pixels));
}

}  // namespace

std::string heat_map_html(const HeatMap& map) {
  constexpr int kRow = 20;
  const Series& first = map.series.front();
  std::string words;
  for (const Series& row : map.series) {
    double sum = 0.0;
    for (const double value : row.y) sum += value;
    words += fmt::format(" {}: mean {:.2f}.", row.name, sum / static_cast<double>(row.y.size()));
  }
  std::string text = fmt::format(
      "<figure class=\"plot-of\">\n<h3>{}</h3>\n<div class=\"heat\"><div class=\"heat-names\">",
      escaped(map.title));
  Json series = Json::array();
  for (const Series& row : map.series) {
    text += fmt::format("<div title=\"{0}\">{0}</div>", escaped(row.name));
    Json y = Json::array();
    for (const double value : row.y) y.push_back(std::round(value * 1000.0) / 1000.0);
    series.push_back({{"name", row.name}, {"y", std::move(y)}});
  }
  text +=
      fmt::format("</div>\n<img class=\"heat-map\" style=\"height:{}px\" src=\"{}\" alt=\"{}\">\n",
                  kRow * map.series.size(), colours_of(map), escaped(map.title + "." + words));
  text += fmt::format(
      "<span></span><div class=\"heat-axis\"><span>{:.0f}</span><span>{}</span><span>{:.0f}</span></div>\n"
      "<span></span><div class=\"heat-axis\"><span>-1 {}</span><span class=\"heat-scale\"></span>"
      "<span>1 {}</span></div></div>\n",
      first.x.front(), escaped(map.x), first.x.back(), escaped(map.low), escaped(map.high));
  Json x = Json::array();
  for (const double step : first.x) x.push_back(std::round(step));
  return text +
         data_element({{"heat", map.x}, {"x", std::move(x)}, {"series", std::move(series)}}) +
         "</figure>\n";
}

}  // namespace dmf
