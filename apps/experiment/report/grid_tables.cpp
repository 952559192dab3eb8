#include "apps/experiment/report/grid_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "apps/experiment/report/comparison.h"
#include "apps/experiment/report/test_tables.h"
#include "apps/experiment/report/validation_choice.h"
#include "apps/experiment/statistics.h"
#include "apps/files/csv.h"
#include "apps/report/embedded.h"

namespace dmf {
namespace {

using Value = std::function<std::optional<double>(const RunResult&)>;

/// A number of every run, and how it is printed.
struct Column {
  std::string name, key;  // for people, and for programs
  Value value;            // nothing where a run has no such number
  double factor;          // 100 for percent
  int digits;
  int better;        // 1: the larger, -1: the smaller, 0: neither
  bool few = false;  // it is of so few images that a deviation would say nothing
};

Column score_column(const std::string& name, const std::string& aggregation,
                    const std::string& metric, const std::string& classes, double factor,
                    int digits, int better) {
  return {name,
          aggregation + "_" + metric,
          [=](const RunResult& run) -> std::optional<double> {
            const Estimate* e = run.board.find(aggregation, metric, classes);
            if (e == nullptr) return std::nullopt;
            return e->value;
          },
          factor,
          digits,
          better};
}

/// The rows of the largest value, all that are printed alike; none where all are.
std::vector<std::size_t> best_rows(const std::vector<double>& values, int digits) {
  const auto printed = [digits](double value) { return fmt::format("{:.{}f}", value, digits); };
  const std::string best = printed(*std::max_element(values.begin(), values.end()));
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (printed(values[i]) == best) rows.push_back(i);
  }
  return rows.size() == values.size() ? std::vector<std::size_t>() : rows;
}

/// "0.912 ± 0.013"; a mean alone where there is no deviation to speak of.
std::string mean_text(const std::vector<double>& values, const Column& column) {
  if (values.empty()) return "";
  const MeanDeviation m = mean_deviation(values);
  return column.few || values.size() == 1
             ? fmt::format("{:.{}f}", m.mean, column.digits)
             : fmt::format("{:.{}f} ± {:.{}f}", m.mean, column.digits, m.deviation, column.digits);
}

/// What a table begins with in each row, for programs.
const std::vector<std::string> kRowNames = {"configuration", "rule", "auxiliary", "runs"};
std::vector<std::string> row_names(const std::vector<const RunResult*>& runs) {
  const TrainOptions& options = runs.front()->options;
  return {runs.front()->configuration, options.fusion.weighting, options.auxiliary,
          fmt::format("{}", runs.size())};
}

/// A row for each configuration: mean ± deviation over its repetitions.
Table summary(const Results& results, const std::vector<Column>& columns) {
  Table table;
  table.columns = {"configuration", "runs"};
  table.csv_columns = kRowNames;
  std::vector<std::vector<double>> means(columns.size());
  for (const Column& column : columns) {
    table.columns.push_back(column.name);
    table.csv_columns.push_back(column.key + "_mean");
    table.csv_columns.push_back(column.key + "_deviation");
  }
  for (const std::string& configuration : results.configurations) {
    const std::vector<const RunResult*> runs = results.of(configuration);
    std::vector<std::string> row = {configuration, fmt::format("{}", runs.size())},
                             numbers = row_names(runs);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      std::vector<double> values;
      for (const RunResult* run : runs) {
        if (const auto value = columns[k].value(*run)) values.push_back(columns[k].factor * *value);
      }
      const MeanDeviation m = mean_deviation(values);
      row.push_back(mean_text(values, columns[k]));
      numbers.push_back(values.empty() ? "" : fmt::format("{}", m.mean));
      numbers.push_back(values.size() < 2 ? "" : fmt::format("{}", m.deviation));
      constexpr double kWorst = -1e300;  // no number is never the best
      means[k].push_back(values.empty() ? kWorst : columns[k].better * m.mean);
    }
    table.rows.push_back(std::move(row));
    table.csv_rows.push_back(std::move(numbers));
  }
  table.best.resize(2);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const bool none = columns[k].better == 0 || columns[k].few;
    table.best.push_back(none ? std::vector<std::size_t>()
                              : best_rows(means[k], columns[k].digits));
  }
  return table;
}

/// The scores of the paper's tables: what a column is called, and the metric.
const std::vector<std::pair<std::string, std::string>> kPaperScores = {
    {"Dice", "dice"},           {"IoU", "iou"},       {"F1", "f1"},
    {"Precision", "precision"}, {"Recall", "recall"}, {"CB-Dice", "cb_dice"}};
const std::vector<std::string> kCompared = {"dice", "iou", "cb_dice"};  // with the paper's own

/// The mean Dice of background and lesion where everything is taken for background.
double dice_of_nothing(const Results& results) {
  ConfusionMatrix all(2);
  for (const auto& [key, run] : results.runs) {
    for (const ImageScore& image : run.images) all += lesion_against_rest(image.confusion);
  }
  const auto lesion = static_cast<double>(all.tp(1) + all.fn(1)),
             background = static_cast<double>(all.total()) - lesion;
  return background / (2.0 * background + lesion);  // half of 2 B / (2 B + L)
}

Table paper_table(const Results& results) {
  std::vector<Column> columns;
  for (const auto& [name, metric] : kPaperScores) {
    columns.push_back(score_column(name, "pooled", metric, "mean", 100.0, 2, 1));
  }
  Table table = summary(results, columns);
  table.name = "paper";
  table.title = "As the paper counts";
  table.note = fmt::format(
      "Pooled over the test set, mean over background and lesion, in percent; mean ± standard "
      "deviation over repetitions. A prediction of nothing at all would have a Dice of {:.1f}.",
      100.0 * dice_of_nothing(results));
  return table;
}

Table lesion_table(const Results& results) {
  Table table = summary(
      results,
      {score_column("Dice per image", "per_image", "dice", "lesion", 1.0, 3, 1),
       score_column("IoU per image", "per_image", "iou", "lesion", 1.0, 3, 1),
       score_column("Hausdorff 95 %", "per_image", "hd95", "lesion", 1.0, 1, -1),
       score_column("surface distance", "per_image", "surface_distance", "lesion", 1.0, 2, -1),
       {"missed", "missed",
        [](const RunResult& run) { return static_cast<double>(run.board.missed); }, 1.0, 1, -1},
       score_column("Dice, pooled", "pooled", "dice", "lesion", 1.0, 3, 1)});
  table.name = "lesion";
  table.title = "The lesion alone";
  table.note =
      "Mean ± standard deviation (n - 1) over repetitions. Per image: mean over the test images with a "
      "lesion; distances in pixels, a missed lesion counting with the image's diagonal. The best are "
      "marked, all that are printed alike: no mark of significance.";
  return table;
}

/// "n 12", or "n 10 to 14" where repetitions differ: the images of a size that are tested.
struct SizeCount {
  std::size_t least = 0, most = 0;
  std::string text() const {
    return least == most ? fmt::format("n {}", most) : fmt::format("n {} to {}", least, most);
  }
};

Table size_table(const Results& results) {
  constexpr std::size_t kFew = 5;
  std::vector<Column> columns;
  for (const auto& [size, key] :
       {std::pair{"below 2 %", "below_2"}, {"2 to 10 %", "2_to_10"}, {"above 10 %", "above_10"}}) {
    const auto stratum =
        [size = std::string(size)](const RunResult& run) -> const Scoreboard::Stratum* {
      for (const Scoreboard::Stratum& each : run.board.strata) {
        if (each.name == size) return &each;
      }
      return nullptr;
    };
    SizeCount count{~std::size_t{0}, 0};
    for (const auto& [unused, run] : results.runs) {
      const Scoreboard::Stratum* s = stratum(run);
      const std::size_t images = s == nullptr ? 0 : s->images;
      count = {std::min(count.least, images), std::max(count.most, images)};
    }
    if (count.most == 0) continue;
    columns.push_back({fmt::format("Dice, {} ({})", size, count.text()),
                       fmt::format("dice_{}", key),
                       [stratum](const RunResult& run) -> std::optional<double> {
                         const Scoreboard::Stratum* s = stratum(run);
                         if (s == nullptr) return std::nullopt;
                         return s->scores.front().estimate.value;
                       },
                       1.0, 3, 1, count.most < kFew});
    if (columns.back().few) columns.back().digits = 2;
  }
  if (columns.empty()) return {};
  Table table = summary(results, columns);
  table.name = "sizes";
  table.title = "By the lesion's share of the image";
  table.note =
      "Lesion Dice per image, mean ± standard deviation over repetitions; n: images of that size "
      "that a repetition tests. Of fewer than 5 the mean stands alone, for what it is worth.";
  return table;
}

/// Best and worst test image of each configuration, by lesion Dice in one repetition.
Table extremes(const Results& results) {
  Table table;
  table.name = "extremes";
  table.title = "Best and worst cases";
  table.note = "Lesion Dice of single test images, each in one repetition, of all repetitions.";
  table.columns = {"configuration", "worst", "best"};
  table.csv_columns = {"configuration", "worst_image", "worst_dice", "best_image", "best_dice"};
  for (const std::string& configuration : results.configurations) {
    std::vector<std::pair<double, std::string>> scores;
    for (const RunResult* run : results.of(configuration)) {
      for (const ImageScore& image : run->images) {
        if (image.has_lesion()) scores.emplace_back(image.lesion_dice(), image.id);
      }
    }
    if (scores.empty()) continue;
    const auto [worst, best] = std::minmax_element(scores.begin(), scores.end());
    const auto text = [](const std::pair<double, std::string>& score) {
      return fmt::format("{} ({:.3f})", score.second, score.first);
    };
    table.rows.push_back({configuration, text(*worst), text(*best)});
    table.csv_rows.push_back({configuration, worst->second, fmt::format("{}", worst->first),
                              best->second, fmt::format("{}", best->first)});
  }
  return table;
}

/// The lesion Dice of every run.
Table run_table(const Results& results) {
  Table table;
  table.name = "every_run";
  table.title = "Every run";
  table.note = "Lesion Dice per image of each repetition.";
  table.columns = table.csv_columns = {"configuration"};
  for (const std::string& repetition : results.repetitions) {
    table.columns.push_back(repetition);
    table.csv_columns.push_back(repetition);
  }
  for (const std::string& configuration : results.configurations) {
    std::vector<std::string> row = {configuration}, numbers = row;
    for (const std::string& repetition : results.repetitions) {
      const RunResult* run = results.find(configuration, repetition);
      row.push_back(run == nullptr ? "" : fmt::format("{:.3f}", lesion_dice(*run)));
      numbers.push_back(run == nullptr ? "" : fmt::format("{}", lesion_dice(*run)));
    }
    table.rows.push_back(std::move(row));
    table.csv_rows.push_back(std::move(numbers));
  }
  return table;
}

}  // namespace

Table beside_paper(const Table& ours, const CsvTable& paper) {
  std::vector<std::string> data_sets;
  std::map<std::pair<std::string, std::string>, std::size_t> row_of;  // configuration, data set
  for (std::size_t row = 0; row < paper.rows.size(); ++row) {
    const std::string& data_set = paper.text(row, "data_set");
    if (std::find(data_sets.begin(), data_sets.end(), data_set) == data_sets.end()) {
      data_sets.push_back(data_set);
    }
    row_of[{paper.text(row, "configuration"), data_set}] = row;
  }
  Table table;
  table.name = "beside_paper";
  table.title = "Beside the paper's tables";
  table.note =
      "The scores above and the paper's own (arXiv 2410.19745, Tables 1 to 3) on its three data "
      "sets, in percent, mean ± standard deviation. Which of them the data here are, if any, a "
      "run cannot know; the paper's splits are its own.";
  table.columns = {"configuration", "score", "here"};
  table.csv_columns = {"configuration", "score", "here_mean", "here_deviation"};
  for (const std::string& data_set : data_sets) {
    table.columns.push_back("paper, " + data_set);
    table.csv_columns.push_back("paper_" + data_set + "_mean");
    table.csv_columns.push_back("paper_" + data_set + "_deviation");
  }
  const auto cell = [](const std::vector<std::string>& columns, const std::vector<std::string>& row,
                       const std::string& name) {
    const auto column = std::find(columns.begin(), columns.end(), name);
    return row.at(static_cast<std::size_t>(column - columns.begin()));
  };
  for (std::size_t k = 0; k < ours.rows.size(); ++k) {
    const std::string& configuration = ours.rows[k].front();
    for (const auto& [score, metric] : kPaperScores) {
      if (std::find(kCompared.begin(), kCompared.end(), metric) == kCompared.end()) continue;
      std::vector<std::string> cells = {configuration, score,
                                        cell(ours.columns, ours.rows[k], score)};
      std::vector<std::string> numbers = {configuration, score};
      for (const char* part : {"_mean", "_deviation"}) {
        numbers.push_back(cell(ours.csv_columns, ours.csv_rows.at(k), "pooled_" + metric + part));
      }
      bool any = false;
      for (const std::string& data_set : data_sets) {
        const auto found = row_of.find({configuration, data_set});
        const bool known = found != row_of.end();
        any = any || known;
        const std::string mean = known ? paper.text(found->second, metric) : "",
                          deviation = known ? paper.text(found->second, metric + "_sd") : "";
        cells.push_back(known ? fmt::format("{} ± {}", mean, deviation) : "");
        numbers.insert(numbers.end(), {mean, deviation});
      }
      if (!any) continue;
      table.rows.push_back(std::move(cells));
      table.csv_rows.push_back(std::move(numbers));
    }
  }
  return table;
}

std::vector<Table> grid_tables(const Results& results, const std::vector<Comparison>& comparisons) {
  const Table paper = paper_table(results);
  std::vector<Table> tables = {
      image_tests(comparisons),
      tuned_tests(results),
      repetition_tests(compare_over_repetitions(results)),
      run_table(results),
      lesion_table(results),
      size_table(results),
      extremes(results),
      paper,
      beside_paper(paper, parse_csv(embedded::kPaperTables, "paper_tables.csv"))};
  std::erase_if(tables, [](const Table& table) { return table.rows.empty(); });
  return tables;
}

std::vector<std::string> missing_runs(const Results& results) {
  std::vector<std::string> lines;
  for (const auto& [folder, reason] : results.failed) {
    lines.push_back(fmt::format("failed: {}: {}", folder, reason));
  }
  for (const std::string& folder : results.unfinished) {
    lines.push_back(fmt::format("not finished: {}", folder));
  }
  return lines;
}

std::string describe_splits(const Results& results) {
  std::vector<std::string> splits;
  for (const auto& [key, run] : results.runs) {
    if (std::find(splits.begin(), splits.end(), run.from.split) == splits.end()) {
      splits.push_back(run.from.split);
    }
  }
  std::sort(splits.begin(), splits.end());
  return fmt::format("{}", fmt::join(splits, "; "));
}

}  // namespace dmf
