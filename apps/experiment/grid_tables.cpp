#include "apps/experiment/grid_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "apps/experiment/plan.h"
#include "apps/experiment/statistics.h"
#include "apps/files/csv.h"
#include "apps/report/embedded.h"

namespace dmf {
namespace {

using Value = std::function<double(const RunResult&)>;

/// A number of every run, and how it is printed.
struct Column {
  std::string name;
  Value value;
  double factor;  // 100 for percent
  int digits;
  int better;  // 1: the larger, -1: the smaller, 0: neither
};

Column score_column(const std::string& name, const std::string& aggregation,
                    const std::string& metric, const std::string& classes, double factor,
                    int digits, int better) {
  return {name,
          [=](const RunResult& run) {
            const Estimate* e = run.board.find(aggregation, metric, classes);
            return e == nullptr ? 0.0 : e->value;
          },
          factor, digits, better};
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

/// A row for each configuration: mean ± deviation over its repetitions.
Table summary(const Results& results, const std::vector<Column>& columns) {
  Table table;
  table.columns = {"configuration", "runs"};
  std::vector<std::vector<double>> means(columns.size());
  for (const Column& column : columns) {
    table.columns.push_back(column.name);
  }
  for (const std::string& configuration : results.configurations) {
    const std::vector<const RunResult*> runs = results.of(configuration);
    std::vector<std::string> row = {configuration, fmt::format("{}", runs.size())};
    for (std::size_t k = 0; k < columns.size(); ++k) {
      std::vector<double> values;
      for (const RunResult* run : runs)
        values.push_back(columns[k].factor * columns[k].value(*run));
      const MeanDeviation m = mean_deviation(values);
      row.push_back(fmt::format("{:.{}f} ± {:.{}f}", m.mean, columns[k].digits, m.deviation,
                                columns[k].digits));
      means[k].push_back(columns[k].better * m.mean);
    }
    table.rows.push_back(std::move(row));
  }
  table.best.resize(2);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    table.best.push_back(columns[k].better == 0 ? std::vector<std::size_t>()
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
      {score_column("Dice, pooled", "pooled", "dice", "lesion", 1.0, 4, 1),
       score_column("Dice per image", "per_image", "dice", "lesion", 1.0, 4, 1),
       score_column("IoU per image", "per_image", "iou", "lesion", 1.0, 4, 1),
       score_column("Hausdorff 95 %", "per_image", "hd95", "lesion", 1.0, 2, -1),
       score_column("surface distance", "per_image", "surface_distance", "lesion", 1.0, 2, -1),
       {"missed", [](const RunResult& run) { return static_cast<double>(run.board.missed); }, 1.0,
        1, -1}});
  table.name = "lesion";
  table.title = "The lesion alone";
  table.note =
      "Mean ± standard deviation over repetitions. Per image: mean over the test images with a "
      "lesion; distances in pixels, a missed lesion counting with the image's diagonal.";
  return table;
}

Table size_table(const Results& results) {
  std::vector<Column> columns;
  for (const char* size : {"below 2 %", "2 to 10 %", "above 10 %"}) {
    const auto stratum = [size](const RunResult& run) -> const Scoreboard::Stratum* {
      for (const Scoreboard::Stratum& each : run.board.strata) {
        if (each.name == size) return &each;
      }
      return nullptr;
    };
    columns.push_back({fmt::format("Dice, lesion {}", size),
                       [stratum](const RunResult& run) {
                         const Scoreboard::Stratum* s = stratum(run);
                         return s == nullptr ? 0.0 : s->scores.front().estimate.value;
                       },
                       1.0, 4, 1});
  }
  Table table = summary(results, columns);
  table.name = "sizes";
  table.title = "By the lesion's share of the image";
  table.note = "Lesion Dice per image, mean ± standard deviation over repetitions.";
  return table;
}

/// Lesion Dice of every test image, by image, the mean over the repetitions given.
std::map<std::string, double> dice_by_image(const std::vector<const RunResult*>& runs) {
  std::map<std::string, std::vector<double>> values;
  for (const RunResult* run : runs) {
    for (const ImageScore& image : run->images) {
      if (image.has_lesion()) values[image.id].push_back(image.lesion_dice());
    }
  }
  std::map<std::string, double> means;
  for (const auto& [id, each] : values) means[id] = mean_deviation(each).mean;
  return means;
}

/// One comparison: differences (configuration minus baseline), paired.
struct Comparison {
  std::string configuration, baseline;
  std::vector<double> differences;
};

/// Fixed weights with the same auxiliary loss, and all else equal; empty where the grid has none.
std::string baseline_of(const Results& results, const std::string& configuration) {
  const std::string& weighting = results.of(configuration).front()->options.fusion.weighting;
  const std::string baseline = "fixed" + configuration.substr(weighting.size());
  const auto& all = results.configurations;
  const bool there = std::find(all.begin(), all.end(), baseline) != all.end();
  return there && baseline != configuration ? baseline : "";
}

/// Repetitions that both configurations have.
struct PairedRuns {
  std::vector<const RunResult*> ours, theirs;
};
PairedRuns paired_runs(const Results& results, const std::string& configuration,
                       const std::string& baseline) {
  PairedRuns paired;
  for (const std::string& repetition : results.repetitions) {
    const RunResult* a = results.find(configuration, repetition);
    const RunResult* b = results.find(baseline, repetition);
    if (a == nullptr || b == nullptr) continue;
    paired.ours.push_back(a);
    paired.theirs.push_back(b);
  }
  return paired;
}

Table tests_table(const std::vector<Comparison>& comparisons) {
  Table table;
  table.columns = {"configuration", "against", "pairs", "mean difference", "W+", "W-", "p",
                   "p, Holm",       "effect"};
  std::vector<SignedRankTest> tests;
  std::vector<double> p;
  for (const Comparison& each : comparisons) {
    tests.push_back(signed_rank_test(each.differences));
    p.push_back(tests.back().p);
  }
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t k = 0; k < tests.size(); ++k) {
    table.rows.push_back(
        {comparisons[k].configuration, comparisons[k].baseline, fmt::format("{}", tests[k].pairs),
         fmt::format("{:+.4f}", mean_deviation(comparisons[k].differences).mean),
         fmt::format("{}", tests[k].positive), fmt::format("{}", tests[k].negative),
         fmt::format("{:.4g}{}", tests[k].p, tests[k].exact ? "" : " (normal)"),
         fmt::format("{:.4g}", adjusted[k]), fmt::format("{:+.3f}", tests[k].effect)});
  }
  return table;
}

Table image_tests(const Results& results) {
  std::vector<Comparison> comparisons;
  for (const std::string& configuration : results.configurations) {
    const std::string baseline = baseline_of(results, configuration);
    if (baseline.empty()) continue;
    const PairedRuns paired = paired_runs(results, configuration, baseline);
    const auto ours = dice_by_image(paired.ours), theirs = dice_by_image(paired.theirs);
    Comparison comparison{configuration, baseline, {}};
    for (const auto& [id, value] : ours) {
      if (theirs.contains(id)) comparison.differences.push_back(value - theirs.at(id));
    }
    if (!comparison.differences.empty()) comparisons.push_back(std::move(comparison));
  }
  Table table = tests_table(comparisons);
  table.name = "tests";
  table.title = "Against fixed weights with the same auxiliary loss, over test images";
  table.note =
      "Wilcoxon's signed-rank test, two-sided; the unit is the test image: its lesion Dice, mean "
      "over the repetitions that tested it. Exact up to 50 pairs, else the normal approximation "
      "with ties; Holm's correction over the table; effect: matched-pairs rank-biserial "
      "correlation. Images tell nothing of how training varies: that needs repetitions.";
  return table;
}

Table repetition_tests(const Results& results) {
  constexpr std::size_t kLeast = 6;  // with fewer no p below 0.05 is possible
  std::vector<Comparison> comparisons;
  for (const std::string& configuration : results.configurations) {
    const std::string baseline = baseline_of(results, configuration);
    if (baseline.empty()) continue;
    const PairedRuns paired = paired_runs(results, configuration, baseline);
    Comparison comparison{configuration, baseline, {}};
    for (std::size_t k = 0; k < paired.ours.size(); ++k) {
      comparison.differences.push_back(
          paired.ours[k]->board.at("per_image", "dice", "lesion").value -
          paired.theirs[k]->board.at("per_image", "dice", "lesion").value);
    }
    if (comparison.differences.size() >= kLeast) comparisons.push_back(std::move(comparison));
  }
  Table table = tests_table(comparisons);
  table.name = "repetitions";
  table.title = "Against fixed weights with the same auxiliary loss, over repetitions";
  table.note = "The same test; the unit is the repetition: its mean lesion Dice per image.";
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
  for (const std::string& data_set : data_sets) table.columns.push_back("paper, " + data_set);
  for (const std::vector<std::string>& row : ours.rows) {
    for (const auto& [score, metric] : kPaperScores) {
      if (std::find(kCompared.begin(), kCompared.end(), metric) == kCompared.end()) continue;
      const auto column = std::find(ours.columns.begin(), ours.columns.end(), score);
      std::vector<std::string> cells = {
          row.front(), score, row.at(static_cast<std::size_t>(column - ours.columns.begin()))};
      bool any = false;
      for (const std::string& data_set : data_sets) {
        const auto found = row_of.find({row.front(), data_set});
        any = any || found != row_of.end();
        cells.push_back(found == row_of.end()
                            ? ""
                            : fmt::format("{} ± {}", paper.text(found->second, metric),
                                          paper.text(found->second, metric + "_sd")));
      }
      if (any) table.rows.push_back(std::move(cells));
    }
  }
  return table;
}

std::vector<Table> grid_tables(const Results& results) {
  const Table paper = paper_table(results);
  std::vector<Table> tables = {
      paper,
      beside_paper(paper, parse_csv(embedded::kPaperTables, "paper_tables.csv")),
      lesion_table(results),
      image_tests(results),
      repetition_tests(results),
      size_table(results)};
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
