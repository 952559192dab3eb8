#include "apps/experiment/report/grid_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "apps/report/run_curves.h"

namespace dmf {
namespace {

constexpr std::size_t kPoints = 60;  // of a curve in a panel

/// The points whose x all have.
void keep_shared(std::vector<Series>& all) {
  std::vector<double> shared = all.front().x;
  for (const Series& each : all) {
    std::vector<double> both;
    std::set_intersection(shared.begin(), shared.end(), each.x.begin(), each.x.end(),
                          std::back_inserter(both));
    shared = std::move(both);
  }
  for (Series& each : all) {
    Series kept{each.name, {}, {}};
    for (std::size_t i = 0; i < each.x.size(); ++i) {
      if (!std::binary_search(shared.begin(), shared.end(), each.x[i])) continue;
      kept.x.push_back(each.x[i]);
      kept.y.push_back(each.y[i]);
    }
    each = kept.thinned(kPoints);
  }
}

/// What of a table is drawn: the column, and the name of its line.
struct Curve {
  std::string column, name;
};

/// Columns of a table of each run over x: the mean over the runs, and as the band their least and
/// largest; neighbouring points of each run are taken together first.
std::vector<Series> over_runs(const std::vector<const RunResult*>& runs, const char* file,
                              const char* x, const std::vector<Curve>& curves) {
  std::vector<std::vector<Series>> of_curve(curves.size());
  for (const RunResult* run : runs) {
    const CsvTable table = read_csv(run->folder / file);
    for (std::size_t k = 0; k < curves.size(); ++k) {
      of_curve[k].push_back(curve(table, curves[k].name, x, curves[k].column));
    }
  }
  std::vector<Series> results;
  for (std::vector<Series>& all : of_curve) {
    keep_shared(all);
    Series& result = results.emplace_back(Series{all.front().name, all.front().x, {}});
    for (std::size_t i = 0; i < result.x.size(); ++i) {
      std::vector<double> values;
      for (const Series& each : all) values.push_back(each.y[i]);
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      result.y.push_back(mean_deviation(values).mean);
      if (runs.size() < 2) continue;
      result.low.push_back(*low);
      result.high.push_back(*high);
    }
  }
  return results;
}

/// With how many runs it has, where that is not every repetition.
std::string panel_title(const Results& results, const std::string& configuration) {
  const std::size_t runs = results.of(configuration).size();
  return runs == results.repetitions.size()
             ? configuration
             : fmt::format("{} ({} run{})", configuration, runs, runs == 1 ? "" : "s");
}

std::vector<Multiples> weight_plots(const Results& results) {
  Multiples plots{.title = "Weights", .x = "step", .y = "weight", .y_range = AxisRange{0.0, 1.0}};
  std::set<std::size_t> counts;
  for (const std::string& configuration : results.configurations) {
    const std::vector<const RunResult*> runs = results.of(configuration);
    const TrainOptions& options = runs.front()->options;
    if (options.fusion.weighting == "fixed") continue;
    std::vector<Curve> curves;
    for (const std::string& loss : options.base_losses())
      curves.push_back({"weight_" + loss, loss});
    Multiples::Panel panel{panel_title(results, configuration),
                           over_runs(runs, "steps.csv", "step", curves)};
    for (const Series& weights : panel.series) {
      for (const double weight : weights.y) {
        if (weight < 0.0 || weight > 1.0) plots.y_range.reset();  // scaled as their authors do
      }
    }
    counts.insert(panel.series.size());
    plots.panels.push_back(std::move(panel));
  }
  if (plots.panels.empty()) return {};
  if (counts.size() == 1) {
    const std::size_t k = *counts.begin();
    plots.marks = {{1.0 / static_cast<double>(k), fmt::format("1/{}", k)}};
  }
  return {std::move(plots)};
}

std::vector<Multiples> validation_plots(const Results& results) {
  std::vector<Multiples> all;
  for (const char* title : {"Validation lesion Dice per image", "Validation CB-Dice"}) {
    all.push_back({.title = title, .x = "epoch", .y = "score", .others_behind = true});
  }
  for (const std::string& name : results.configurations) {
    const std::vector<Series> scores =
        over_runs(results.of(name), "epochs.csv", "epoch",
                  {{"validation_lesion_dice_per_image", name}, {"validation_cb_dice", name}});
    for (std::size_t k = 0; k < all.size(); ++k) {
      all[k].panels.push_back({panel_title(results, name), {scores[k]}});
    }
  }
  return all;
}

std::vector<Multiples> loss_plots(const Results& results) {
  std::vector<Multiples> all;
  const auto of_loss = [&all](const std::string& loss) -> Multiples& {
    const std::string title = "Loss " + loss;
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Multiples& each) { return each.title == title; });
    if (found != all.end()) return *found;
    return all.emplace_back(
        Multiples{.title = title, .x = "step", .y = "loss", .others_behind = true});
  };
  for (const auto& [unused, run] : results.runs) {
    for (const std::string& loss : run.options.base_losses()) of_loss(loss);
  }
  for (const std::string& name : results.configurations) {
    const std::vector<const RunResult*> runs = results.of(name);
    const std::vector<std::string> losses = runs.front()->options.base_losses();
    std::vector<Curve> curves;
    for (const std::string& loss : losses) curves.push_back({loss, name});
    const std::vector<Series> series = over_runs(runs, "steps.csv", "step", curves);
    for (std::size_t k = 0; k < losses.size(); ++k) {
      of_loss(losses[k]).panels.push_back({panel_title(results, name), {series[k]}});
    }
  }
  return all;
}

}  // namespace

CoursePlots course_plots(const Results& results) {
  return {weight_plots(results), validation_plots(results), loss_plots(results)};
}

IntervalPlot difference_plot(const std::vector<Comparison>& comparisons) {
  IntervalPlot plot{.title = "Paired differences",
                    .x = "difference in lesion Dice per image, 95 %"};
  for (const Comparison& each : comparisons) {
    plot.rows.push_back(
        {each.configuration + " against " + each.baseline + (each.significant() ? " †" : ""),
         each.mean.value, each.mean.low, each.mean.high,
         fmt::format("n {}", each.differences.size()), each.significant()});
  }
  return plot;
}

}  // namespace dmf
