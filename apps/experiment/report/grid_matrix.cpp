#include "apps/experiment/report/grid_matrix.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/experiment/plan.h"
#include "apps/page/html.h"
#include "apps/page/ticks.h"

namespace dmf {
namespace {

const char* const kTitle = "Lesion Dice per image";

std::string note_of(const GridMatrix& matrix) {
  return fmt::format(
      "Mean over test images with a lesion, then over repetitions{}; beneath it the paired difference "
      "({}) and its 95 % interval (bootstrap over test images). † where Wilcoxon's test over images leaves p below 0.05 after Holm's correction.",
      matrix.by_rule() ? "; a row a rule, a column an auxiliary loss" : "", kComparedWith);
}

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

std::size_t place(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// In two lines, with † where it is significant.
std::string marked_difference(const Comparison& comparison) {
  std::string text = difference_text(comparison.mean);
  return text.replace(text.find(' '), 1, comparison.significant() ? "†\n" : "\n");
}

/// "0.81, 0.83, 0.80"; of many the least and the largest.
std::string repetitions_text(const std::vector<double>& values) {
  constexpr std::size_t kMost = 3;
  if (values.size() < 2) return "one run";
  if (values.size() > kMost) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return fmt::format("{:.3f} to {:.3f}, {} runs", *low, *high, values.size());
  }
  std::string text;
  for (const double value : values)
    text += fmt::format("{}{:.3f}", text.empty() ? "" : ", ", value);
  return text;
}

/// The repetitions as dots and their mean as a line, all cells over the same range.
std::string dots_svg(const std::vector<double>& values, const AxisRange& range) {
  constexpr double kWidth = 120.0, kEdge = 5.0;
  const auto at = [&](double value) {
    return kEdge + (value - range.low) / (range.high - range.low) * (kWidth - 2 * kEdge);
  };
  std::string text = fmt::format(
      "<svg class=\"dots\" width=\"{0}\" height=\"12\" viewBox=\"0 0 {0} 12\" aria-hidden=\"true\"><path "
      "class=\"grid\" d=\"M0 6H{0}\"/>",
      kWidth);
  for (const double value : values) {
    text += fmt::format("<path class=\"s0 hollow\" d=\"M{:.1f} 6a3 3 0 1 0 6 0a3 3 0 1 0 -6 0\"/>",
                        at(value) - 3);
  }
  return text + fmt::format("<path class=\"axis\" d=\"M{:.1f} 0v12\"/></svg>",
                            at(mean_deviation(values).mean));
}

}  // namespace

GridMatrix make_matrix(const Results& results, const std::vector<Comparison>& comparisons) {
  const bool by_rule = std::all_of(
      results.configurations.begin(), results.configurations.end(), [&](const std::string& name) {
        return name == configuration_name(results.of(name).front()->options);
      });
  GridMatrix matrix;
  const auto row_of = [&](const RunResult& run) {
    return by_rule ? run.options.fusion.weighting : run.configuration;
  };
  const auto column_of = [&](const RunResult& run) {
    return by_rule ? run.options.auxiliary : std::string(kTitle);
  };
  for (const std::string& name : results.configurations) {
    add_new(matrix.rows, row_of(*results.of(name).front()));
    add_new(matrix.columns, column_of(*results.of(name).front()));
  }
  matrix.cells.assign(matrix.rows.size(), std::vector<GridMatrix::Cell>(matrix.columns.size()));
  for (const std::string& name : results.configurations) {
    const std::vector<const RunResult*> runs = results.of(name);
    GridMatrix::Cell& cell = matrix.cells[place(matrix.rows, row_of(*runs.front()))]
                                         [place(matrix.columns, column_of(*runs.front()))];
    cell.configuration = name;
    for (const RunResult* run : runs) cell.repetitions.push_back(lesion_dice(*run));
    for (const Comparison& each : comparisons) {
      if (each.configuration == name) cell.compared = &each;
    }
  }
  return matrix;
}

Table GridMatrix::table() const {
  Table table;
  table.name = "matrix";
  table.title = kTitle;
  table.note = note_of(*this);
  table.columns = {by_rule() ? "rule" : "configuration"};
  for (const std::string& column : columns) {
    table.columns.push_back(by_rule() && column == "none" ? "no auxiliary" : column);
  }
  table.csv_columns = {"rule",     "auxiliary", "configuration", "runs", "mean", "deviation",
                       "baseline", "n",         "difference",    "low",  "high", "p_holm"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> texts = {rows[i]};
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const Cell& cell = cells[i][k];
      if (cell.configuration.empty()) {
        texts.emplace_back();
        continue;
      }
      const MeanDeviation m = mean_deviation(cell.repetitions);
      texts.push_back(fmt::format("{:.3f}", m.mean));
      std::vector<std::string> numbers = {
          by_rule() ? rows[i] : "",
          by_rule() ? columns[k] : "",
          cell.configuration,
          fmt::format("{}", cell.repetitions.size()),
          fmt::format("{}", m.mean),
          cell.repetitions.size() < 2 ? "" : fmt::format("{}", m.deviation)};
      if (cell.compared == nullptr) {
        numbers.resize(table.csv_columns.size());
      } else {
        const Comparison& c = *cell.compared;
        texts.back() += "\n" + marked_difference(c);
        numbers.insert(numbers.end(),
                       {c.baseline, fmt::format("{}", c.differences.size()),
                        fmt::format("{}", c.mean.value), fmt::format("{}", c.mean.low),
                        fmt::format("{}", c.mean.high), fmt::format("{}", c.p_holm)});
      }
      table.csv_rows.push_back(std::move(numbers));
    }
    table.rows.push_back(std::move(texts));
  }
  return table;
}

std::string GridMatrix::html() const {
  std::vector<double> all;
  for (const auto& row : cells) {
    for (const Cell& cell : row) {
      all.insert(all.end(), cell.repetitions.begin(), cell.repetitions.end());
    }
  }
  const AxisRange range = range_of(all, false);
  HtmlTable page{.caption = "", .columns = table().columns, .rows = {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> texts = {rows[i]}, drawings = {""};
    for (const Cell& cell : cells[i]) {
      if (cell.configuration.empty()) {
        texts.emplace_back();
        drawings.emplace_back();
        continue;
      }
      texts.push_back(fmt::format("{:.3f}\n{}", mean_deviation(cell.repetitions).mean,
                                  repetitions_text(cell.repetitions)));
      if (cell.compared != nullptr) texts.back() += "\n" + marked_difference(*cell.compared);
      drawings.push_back(dots_svg(cell.repetitions, range));
    }
    page.rows.push_back(std::move(texts));
    page.drawings.push_back(std::move(drawings));
  }
  const std::string note =
      fmt::format("{} Dots are repetitions, over {:.3f} to {:.3f} in every cell.", note_of(*this),
                  range.low, range.high);
  return dmf::html(page) + fmt::format("<p class=\"note\">{}</p>\n", escaped(note));
}

}  // namespace dmf
