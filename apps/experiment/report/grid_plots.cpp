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

/// A column of a table of each run over another: the mean over the runs, and as the band their least
/// and largest; neighbouring points of each run are taken together first.
Series over_runs(const std::vector<const RunResult*>& runs, const char* file,
                 const std::string& name, const std::string& x, const std::string& y) {
  std::vector<Series> all;
  for (const RunResult* run : runs) all.push_back(curve(run->folder / file, name, x, y));
  keep_shared(all);
  Series result{name, all.front().x, {}};
  for (std::size_t i = 0; i < result.x.size(); ++i) {
    std::vector<double> values;
    for (const Series& each : all) values.push_back(each.y[i]);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    result.y.push_back(mean_deviation(values).mean);
    if (runs.size() < 2) continue;
    result.low.push_back(*low);
    result.high.push_back(*high);
  }
  return result;
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
    Multiples::Panel panel{panel_title(results, configuration), {}};
    for (const std::string& loss : options.base_losses()) {
      panel.series.push_back(over_runs(runs, "steps.csv", loss, "step", "weight_" + loss));
      for (const double weight : panel.series.back().y) {
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
  for (const auto& [title, column] :
       {std::pair{"Validation lesion Dice per image", "validation_lesion_dice_per_image"},
        {"Validation CB-Dice", "validation_cb_dice"}}) {
    Multiples plots{.title = title, .x = "epoch", .y = "score", .others_behind = true};
    for (const std::string& configuration : results.configurations) {
      const std::vector<const RunResult*> runs = results.of(configuration);
      plots.panels.push_back({panel_title(results, configuration),
                              {over_runs(runs, "epochs.csv", configuration, "epoch", column)}});
    }
    all.push_back(std::move(plots));
  }
  return all;
}

std::vector<Multiples> loss_plots(const Results& results) {
  std::vector<std::string> losses;
  for (const auto& [unused, run] : results.runs) {
    for (const std::string& loss : run.options.base_losses()) {
      if (std::find(losses.begin(), losses.end(), loss) == losses.end()) losses.push_back(loss);
    }
  }
  std::vector<Multiples> all;
  for (const std::string& loss : losses) {
    Multiples plots{.title = "Loss " + loss, .x = "step", .y = "loss", .others_behind = true};
    for (const std::string& configuration : results.configurations) {
      const std::vector<const RunResult*> runs = results.of(configuration);
      const std::vector<std::string> own = runs.front()->options.base_losses();
      if (std::find(own.begin(), own.end(), loss) == own.end()) continue;
      plots.panels.push_back({panel_title(results, configuration),
                              {over_runs(runs, "steps.csv", configuration, "step", loss)}});
    }
    all.push_back(std::move(plots));
  }
  return all;
}

}  // namespace

CoursePlots course_plots(const Results& results) {
  return {weight_plots(results), validation_plots(results), loss_plots(results)};
}

IntervalPlot difference_plot(const std::vector<Comparison>& comparisons) {
  IntervalPlot plot{.title = "Paired differences to fixed weights",
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
