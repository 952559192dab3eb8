#include "apps/report/run_curves.h"

#include <cmath>

#include "apps/files/csv.h"
#include "apps/support/numbers.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::size_t kPoints = 240;  // of a curve; more cannot be seen

/// Several columns over the steps, thinned.
std::vector<Series> over_steps(const CsvTable& steps, const std::vector<std::string>& columns,
                               const std::string& prefix) {
  std::vector<Series> series;
  for (const std::string& name : columns) {
    series.push_back(curve(steps, name, "step", prefix + name).thinned(kPoints));
  }
  return series;
}

/// Each series as its share of their sum, step by step.
std::vector<Series> shares(std::vector<Series> series) {
  for (std::size_t i = 0; i < series.front().y.size(); ++i) {
    double sum = 0.0;
    for (const Series& each : series) sum += each.y[i];
    for (Series& each : series) each.y[i] = sum > 0.0 ? each.y[i] / sum : 0.0;
  }
  for (Series& each : series) each.low = each.high = {};
  return series;
}

}  // namespace

Series curve(const CsvTable& table, const std::string& name, const std::string& x,
             const std::string& y) {
  const std::size_t at_x = table.column(x), at_y = table.column(y);
  Series series{name, {}, {}};
  for (const auto& row : table.rows) {
    const std::optional<double> value = parse_number(row[at_y]), at = parse_number(row[at_x]);
    DMF_CHECK(value && at, IoError, "[report] {}: '{}' or '{}' is no number.", table.name,
              row[at_x], row[at_y]);
    if (!std::isfinite(*value)) continue;  // "nan" for a step left out
    series.x.push_back(*at);
    series.y.push_back(*value);
  }
  return series;
}

void add_run_curves(Page& page, const CsvTable& steps, const CsvTable& epochs,
                    const TrainOptions& options) {
  const std::vector<std::string> every = options.loss_columns();
  std::vector<Plot> plots;
  const auto over_epochs = [&](const char* title, const char* y, std::vector<Series> series) {
    plots.push_back({.title = title, .x = "epoch", .y = y, .series = std::move(series)});
  };
  over_epochs("Validation", "score",
              {curve(epochs, "lesion Dice per image", "epoch", "validation_lesion_dice_per_image"),
               curve(epochs, "lesion Dice, pooled", "epoch", "validation_lesion_dice"),
               curve(epochs, "Dice of all classes, pooled", "epoch", "validation_mean_dice"),
               curve(epochs, "CB-Dice", "epoch", "validation_cb_dice")});
  over_epochs("Loss with its weights", "loss",
              {curve(epochs, "training", "epoch", "train_loss"),
               curve(epochs, "validation", "epoch", "validation_loss")});
  const auto over = [&](const char* title, const char* y, std::vector<Series> series) {
    plots.push_back({.title = title, .x = "step", .y = y, .series = std::move(series)});
  };
  if (options.auxiliary != "none") {
    const std::string name = every.back();
    over("Auxiliary loss", "loss", over_steps(steps, {name}, ""));
  }
  over("Learning rate", "rate", over_steps(steps, {"lr"}, ""));
  std::string maps;
  if (options.record_gradients) {
    // What each loss pulls with: its factor times the norm of its own gradient.
    std::vector<Series> pulls;
    for (const std::string& name : every) {
      const bool base = !name.starts_with("auxiliary_");
      Series pull = curve(steps, name, "step", "gradient_" + name);
      const Series factor = curve(steps, name, "step", base ? "weight_" + name : "gamma");
      for (std::size_t i = 0; i < pull.y.size(); ++i) pull.y[i] *= factor.y[i];
      pulls.push_back(pull.thinned(kPoints));
    }
    plots.push_back({.title = "Share of each loss in the gradient",
                     .x = "step",
                     .y = "share",
                     .series = shares(pulls),
                     .kind = PlotKind::stacked,
                     .y_range = AxisRange{0.0, 1.0}});
    std::vector<Series> cosines;
    for (std::size_t i = 0; i < every.size(); ++i) {
      for (std::size_t j = i + 1; j < every.size(); ++j) {
        cosines.push_back(
            curve(steps, every[i] + ", " + every[j], "step", "cosine_" + every[i] + "_" + every[j])
                .thinned(kPoints));
      }
    }
    if (!cosines.empty() && !cosines.front().x.empty()) {  // every step may have been left out
      maps = heat_map_html({"Do the losses agree? Cosine between their gradients", "step", cosines,
                            "they conflict", "they agree"});
    }
  }
  page.add(
      "Course",
      "Each point of a long curve is the mean of its neighbours, the shade about it their least "
      "and largest.",
      plots_html(plots) + maps);
}

}  // namespace dmf
