#include <doctest/doctest.h>

#include <cmath>

#include "apps/image/codecs/image_file.h"
#include "apps/page/page.h"
#include "apps/page/plot.h"
#include "apps/page/ticks.h"
#include "engine/core/rng.h"
#include "tests/support/has.h"

namespace dmf {
namespace {

using doctest::Approx;

std::vector<std::string> numbers_of(const std::vector<std::pair<double, std::string>>& ticks) {
  std::vector<std::string> numbers;
  for (const auto& tick : ticks) numbers.push_back(tick.second);
  return numbers;
}

}  // namespace

TEST_CASE("page: no text gets out of its place, whatever bytes it has") {
  const std::string hostile = "</title></script><script>alert(1)</script>\"&'\x01\xff";
  Page page;
  page.title = page.badge = hostile;
  page.lines = {hostile};
  page.add(hostile, hostile, facts_html({{hostile, hostile}}));
  page.add("t", "",
           html({.caption = hostile, .columns = {hostile, "b"}, .rows = {{hostile, hostile}}}));
  page.add("p", "", contact_sheet_html({{"data:,", hostile}}));
  page.add("q", "",
           plots_html({{.title = hostile,
                        .x = hostile,
                        .y = hostile,
                        .series = {{hostile, {1, 2}, {NAN, 0.1}}, {hostile, {1, 2}, {1, 2}}},
                        .marks = {{1.0, hostile}}}}) +
               heat_map_html({hostile, hostile, {{hostile, {1}, {1}}}, hostile, hostile}));
  const std::string text = page.html();
  CHECK_FALSE(has(text, "<script>alert"));
  CHECK_FALSE(has(text, "alert(1)</script>"));
  CHECK_FALSE(has(text, "\x01"));
  CHECK_FALSE(has(text, "\xff"));
  CHECK(
      has(text, "&lt;/title&gt;&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;'"));
  CHECK(has(text, "\"y\":[null,0.1]"));
  for (const char* outside : {"src=\"http", "href=\"http", "@import", "url("}) {
    CHECK_FALSE(has(text, outside));
  }
}

TEST_CASE("page: what it says is there without scripts; a table marks its best rows") {
  Page page;
  page.title = "T";
  page.reload_seconds = 20;
  page.add("Scores", "a note",
           html({.caption = "c",
                 .columns = {"name", "Dice"},
                 .rows = {{"a", "0.9\n0.8 to 1"}, {"b", "0.9"}, {"c", "1"}},
                 .best = {{}, {0, 1}}}));
  const std::string text = page.html();
  CHECK(has(text, "<section id=\"section-1\">\n<h2>Scores</h2>\n<p class=\"note\">a note</p>"));
  CHECK(has(text, "<td class=\"best\">0.9<small>0.8 to 1</small></td>"));
  CHECK(has(text, "<th scope=\"row\">b</th><td class=\"best\">0.9</td>"));
  CHECK(has(text, "<th scope=\"row\">c</th><td>1</td>"));
  CHECK(has(text, "http-equiv=\"refresh\" content=\"20\""));
  CHECK_FALSE(has(text, "<nav"));
  for (int k = 0; k < 3; ++k) page.add("more", "", "");
  page.reload_seconds = 0;
  CHECK(has(page.html(), "<a href=\"#section-4\">more</a>"));
  CHECK_FALSE(has(page.html(), "http-equiv"));
}

TEST_CASE("page: pictures are inlined as they are") {
  CHECK(data_uri("image/png", "Man") == "data:image/png;base64,TWFu");
  CHECK(data_uri("image/png", "Ma") == "data:image/png;base64,TWE=");
  CHECK(data_uri("image/png", "M") == "data:image/png;base64,TQ==");
  CHECK(data_uri("image/png", "\xff\xfe\xfd") == "data:image/png;base64,//79");
  CHECK(data_uri("image/png", "") == "data:image/png;base64,");
}

TEST_CASE("ticks: round numbers with as many decimals as they need") {
  CHECK(numbers_of(axis_ticks({0.0, 1.0}, 6, false)) ==
        std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"});
  CHECK(numbers_of(axis_ticks({-0.13, 0.21}, 5, false)) ==
        std::vector<std::string>{"-0.1", "0.0", "0.1", "0.2"});
  CHECK(numbers_of(axis_ticks({0.0, 130.0}, 4, false)) ==
        std::vector<std::string>{"0", "50", "100"});
  CHECK(numbers_of(axis_ticks({2e-5, 1e-3}, 3, true)) ==
        std::vector<std::string>{"0.0001", "0.001"});
  CHECK(numbers_of(axis_ticks({2.0, 5.0}, 4, true)) == std::vector<std::string>{"2", "5"});
  CHECK(numbers_of(axis_ticks({2.1, 4.9}, 4, true)) == std::vector<std::string>{"3", "4"});
  CHECK(numbers_of(axis_ticks({1.3, 22.0}, 5, true)) ==
        std::vector<std::string>{"2", "5", "10", "20"});
  CHECK(numbers_of(axis_ticks({0.0, 3e7}, 4, false)) ==
        std::vector<std::string>{"0", "1e+07", "2e+07", "3e+07"});
  Rng rng(3);
  for (int k = 0; k < 200; ++k) {  // any range: some ticks, no more than asked for, all inside
    const double size = std::pow(10.0, 12.0 * rng.uniform() - 6.0),
                 low = size * (rng.uniform() - 0.5);
    const AxisRange range{low, low + size * (0.01 + rng.uniform())};
    const auto ticks = axis_ticks(range, 5, false);
    CHECK(ticks.size() >= 1);
    CHECK(ticks.size() <= 6);
    for (const auto& tick : ticks) {
      CHECK(tick.first >= range.low - 1e-6 * (range.high - range.low));
      CHECK(tick.first <= range.high + 1e-6 * (range.high - range.low));
    }
  }
}

TEST_CASE("range: holds the values, never empty, and takes no notice of what is no number") {
  const double nan = std::nan("");
  CHECK(range_of({}, false).high == 1.0);
  CHECK(range_of({nan}, false).high == 1.0);
  CHECK(range_of({0.0, 0.0}, false).high == 1.0);
  const AxisRange flat = range_of({0.25, 0.25, nan}, false);
  CHECK(flat.low == Approx(0.125));
  CHECK(flat.high == Approx(0.375));
  CHECK(range_of({0.0, 1.0}, false).low == 0.0);
  CHECK(range_of({-1.0, 1.0}, false).low < -1.0);
  CHECK(range_of({0.01, 0.0, -1.0, 10.0}, true, 0.0).low == 0.01);
  CHECK(range_of({0.01, 10.0}, true, 0.5).high == Approx(10.0 * std::sqrt(1000.0)));
  CHECK(range_of({2.0}, true).low == 1.0);
}

TEST_CASE("plot: places, gaps, bands and stacked areas to the pixel; described in words") {
  Plot plot{
      .title = "t", .x = "step", .y = "loss", .series = {{"a", {0, 1, 2, 3}, {0, 1, NAN, 0.5}}}};
  plot.y_range = AxisRange{0.0, 1.0};
  plot.width = 112;   // 12 at the right
  plot.height = 158;  // 22 above, 36 below
  plot.left = 10;
  const std::string svg = plot_svg(plot);
  CHECK(has(svg, "d=\"M10.0 122.0L40.0 22.0M100.0 72.0\""));
  CHECK(has(svg, "<desc>loss over step. a: from 0 to 0.5, least 0 at 0, most 1 at 1.</desc>"));
  CHECK(has(svg, "role=\"img\" aria-label=\"t\""));

  plot.series = {{"a", {0, 3}, {0.5, 0.25}}, {"b", {0, 3}, {0.5, 0.75}}};
  plot.kind = PlotKind::stacked;
  const std::string areas = plot_svg(plot);
  CHECK(has(areas, "class=\"f0\" d=\"M10.0 72.0L100.0 97.0L100.0 122.0L10.0 122.0Z\""));
  CHECK(has(areas, "class=\"f1\" d=\"M10.0 22.0L100.0 22.0L100.0 97.0L10.0 72.0Z\""));

  plot.kind = PlotKind::lines;
  plot.series = {Series{"s", {0, 1, 2, 3}, {0.0, 0.5, 1.0, 0.5}}.thinned(2)};
  CHECK(plot.series[0].x == std::vector<double>{0.5, 2.5});
  CHECK(plot.series[0].y == std::vector<double>{0.25, 0.75});
  CHECK(plot.series[0].low == std::vector<double>{0.0, 0.5});
  CHECK(plot.series[0].high == std::vector<double>{0.5, 1.0});
  CHECK(
      has(plot_svg(plot), "class=\"f0 band\" d=\"M10.0 72.0L100.0 22.0L100.0 72.0L10.0 122.0Z\""));
}

TEST_CASE("plot: every series can be told apart; empty ones are no error") {
  Plot plot{.title = "t", .x = "x", .y = "y"};
  for (int k = 0; k < 8; ++k)
    plot.series.push_back({std::string(1, static_cast<char>('a' + k)), {0, 1}, {0, 1.0 + k}});
  const std::string text = plots_html({plot});
  CHECK(has(text, "<path class=\"s5\" d=\"M"));
  CHECK(has(text, "<path class=\"s0 dash\" d=\"M"));
  CHECK(has(text, "<button data-series=\"7\" aria-pressed=\"true\">"));
  const std::string file = plot_file(plot);
  CHECK(has(file, "<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(has(file, ">h</text>"));
  plot.series = {{"none", {}, {}}};
  CHECK(has(plots_html({plot}), "<svg class=\"plot\""));
  plot.kind = PlotKind::points;
  plot.series = {{"p", {0.01, 0.1}, {0.5, 0.7}, {}, {}, {"a/b", "c"}}};
  plot.log_x = true;
  CHECK(has(plot_svg(plot), "data-row=\"a/b\""));
}

TEST_CASE("heat map: blue where it is positive, orange where negative, clear at 0") {
  const std::string text = heat_map_html(
      {"t", "step", {{"a, b", {0, 2}, {1.0, -0.5}}, {"a, c", {0, 2}, {0.0, 2.0}}}, "lo", "hi"});
  const std::string open = "data:image/png;base64,";
  const std::size_t from = text.find(open) + open.size();
  const std::string coded = text.substr(from, text.find('"', from) - from);
  std::string bytes;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : coded) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t digit = digits.find(c);
    if (digit == std::string::npos) break;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(group >> (bits -= 8) & 255u);
  }
  const RawImage map = decode_image(bytes, "map");
  REQUIRE(map.height == 2);
  REQUIRE(map.width == 2);
  CHECK(map.at(0, 0, 2) == 178);
  CHECK(map.at(0, 1, 0) == 213);
  CHECK(map.at(1, 1, 2) == 178);
  CHECK(has(text, "a, b: mean 0.25."));
  CHECK(has(text, "\"y\":[1.0,-0.5]"));
}

}  // namespace dmf
