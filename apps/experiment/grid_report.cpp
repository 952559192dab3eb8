#include "apps/experiment/grid_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/evaluation/panels.h"
#include "apps/experiment/figures.h"
#include "apps/experiment/grid_tables.h"
#include "apps/files/folders.h"
#include "apps/files/output_files.h"
#include "apps/image/codecs/image_file.h"
#include "apps/page/html.h"
#include "apps/page/page.h"
#include "apps/page/plot.h"
#include "apps/report/run_curves.h"
#include "apps/support/option_values.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPoints = 300;  // of a curve

/// The weights of each rule that moves (the paper's Figure 4), of the first repetition.
std::vector<Plot> weight_charts(const Results& results) {
  std::vector<Plot> charts;
  for (const std::string& configuration : results.configurations) {
    const RunResult& run = *results.of(configuration).front();
    if (run.options.fusion.weighting == "fixed") continue;
    std::vector<Series> series;
    for (const std::string& loss : run.options.base_losses()) {
      series.push_back(
          curve(run.folder / "steps.csv", loss, "step", "weight_" + loss).thinned(kPoints));
    }
    charts.push_back({.title = configuration, .x = "step", .y = "weight", .series = series});
  }
  return charts;
}

/// Each base loss under every configuration (the paper's Figure 5), of the first repetition.
std::vector<Plot> loss_charts(const Results& results) {
  std::vector<std::string> losses;
  for (const auto& [key, run] : results.runs) {
    for (const std::string& loss : run.options.base_losses()) {
      if (std::find(losses.begin(), losses.end(), loss) == losses.end()) losses.push_back(loss);
    }
  }
  std::vector<Plot> charts;
  for (const std::string& loss : losses) {
    std::vector<Series> series;
    for (const std::string& configuration : results.configurations) {
      const RunResult& run = *results.of(configuration).front();
      const std::vector<std::string> own = run.options.base_losses();
      if (std::find(own.begin(), own.end(), loss) == own.end()) continue;
      series.push_back(curve(run.folder / "steps.csv", configuration, "step", loss).thinned(60));
    }
    charts.push_back({.title = loss, .x = "step", .y = "loss", .series = series});
  }
  return charts;
}

/// Validation scores, the mean over repetitions at each epoch that all of them reached.
std::vector<Plot> validation_charts(const Results& results) {
  std::vector<Plot> charts;
  for (const auto& [title, column] : {std::pair{"CB-Dice", "validation_cb_dice"},
                                      {"Dice, mean over classes", "validation_mean_dice"},
                                      {"lesion Dice per image", "validation_lesion_dice_per_image"},
                                      {"loss", "validation_loss"}}) {
    std::vector<Series> series;
    for (const std::string& configuration : results.configurations) {
      const std::vector<const RunResult*> runs = results.of(configuration);
      Series mean{configuration, {}, {}};
      for (const RunResult* run : runs) {
        const Series one = curve(run->folder / "epochs.csv", configuration, "epoch", column);
        if (run == runs.front()) mean = {configuration, one.x, std::vector<double>(one.y.size())};
        mean.x.resize(std::min(mean.x.size(), one.x.size()));
        mean.y.resize(mean.x.size());
        for (std::size_t i = 0; i < mean.y.size(); ++i) {
          mean.y[i] += one.y[i] / static_cast<double>(runs.size());
        }
      }
      series.push_back(std::move(mean));
    }
    charts.push_back({.title = title, .x = "epoch", .y = title, .series = series});
  }
  return charts;
}

/// A part of a run's panel: 0 the image, 1 the truth, 2 the prediction.
std::string panel_part(const RawImage& panel, int part) {
  const int width = (panel.width - 2 * kPanelGap) / 3, left = part * (width + kPanelGap);
  std::vector<std::uint8_t> samples;
  for (int h = 0; h < panel.height; ++h) {
    for (int w = left; w < left + width; ++w) {
      for (int c = 0; c < 3; ++c) samples.push_back(static_cast<std::uint8_t>(panel.at(h, w, c)));
    }
  }
  return data_uri("image/png", encode_png(panel.height, width, 3, samples));
}

/// The same test images under every configuration (the paper's Figures 1 to 3), of the first
/// repetition that all of them have.
void add_panels(Page& page, const Results& results) {
  const auto all_have = [&](const std::string& repetition) {
    return std::all_of(
        results.configurations.begin(), results.configurations.end(),
        [&](const std::string& c) { return results.find(c, repetition) != nullptr; });
  };
  const auto repetition =
      std::find_if(results.repetitions.begin(), results.repetitions.end(), all_have);
  if (repetition == results.repetitions.end()) return;
  std::vector<std::string> columns = {"image", "truth"};
  columns.insert(columns.end(), results.configurations.begin(), results.configurations.end());
  const fs::path first = results.find(results.configurations.front(), *repetition)->folder;
  std::vector<std::vector<HtmlPicture>> rows;
  for (const fs::path& path : files_below(first / "panels", 1, why_no_image).files) {
    const RawImage panel = read_image(path);
    std::vector<HtmlPicture> row = {{panel_part(panel, 0), path.stem().string()},
                                    {panel_part(panel, 1), "truth"}};
    for (const std::string& configuration : results.configurations) {
      const RunResult& run = *results.find(configuration, *repetition);
      const fs::path own = run.folder / "panels" / path.filename();
      if (!fs::exists(own)) break;  // of another test set
      std::string caption = configuration;
      for (const ImageScore& image : run.images) {
        if (panel_name(image.id) == path.stem().string())
          caption = fmt::format("Dice {:.3f}", image.lesion_dice());
      }
      row.push_back({panel_part(read_image(own), 2), caption});
    }
    if (row.size() == columns.size()) rows.push_back(std::move(row));
  }
  page.add("The same images under every configuration",
           fmt::format("{}: test images evenly spread over the set.", *repetition),
           picture_rows_html(columns, rows));
}

/// Best and worst test images of each configuration, by lesion Dice, mean over repetitions.
Table extremes(const Results& results) {
  Table table;
  table.name = "extremes";
  table.title = "Best and worst cases";
  table.note = "Lesion Dice of single test images, of all repetitions.";
  table.columns = {"configuration", "worst", "best"};
  for (const std::string& configuration : results.configurations) {
    std::vector<std::pair<double, std::string>> scores;
    for (const RunResult* run : results.of(configuration)) {
      for (const ImageScore& image : run->images) {
        if (image.has_lesion()) scores.emplace_back(image.lesion_dice(), image.id);
      }
    }
    if (scores.empty()) continue;
    std::sort(scores.begin(), scores.end());
    const auto text = [](const std::pair<double, std::string>& score) {
      return fmt::format("{} ({:.3f})", score.second, score.first);
    };
    table.rows.push_back({configuration, text(scores.front()), text(scores.back())});
  }
  return table;
}

void add_table(const Table& table, std::map<fs::path, std::string>& files) {
  const fs::path folder = "tables";
  files[folder / (table.name + ".csv")] = table.csv();
  files[folder / (table.name + ".md")] = table.markdown();
  files[folder / (table.name + ".tex")] = table.latex();
}

}  // namespace

std::string write_grid_report(const Results& results, const fs::path& out, bool overwrite) {
  std::map<fs::path, std::string> files;  // by their names below the folder
  const RunResult& any = results.runs.begin()->second;
  Page page;
  page.title = "Experiment";
  page.lines = {"Research software, not for diagnosis."};
  page.add(
      "The grid", "",
      facts_html(
          {{"data", any.from.data_set},
           {"splits", describe_splits(results)},
           {"runs", fmt::format("{} of {} configurations, {} repetitions", results.runs.size(),
                                results.configurations.size(), results.repetitions.size())},
           {"network",
            fmt::format("{}, {}, {} x {}", any.options.model,
                        settings_text(any.options.network_spec().settings),
                        any.options.data.preprocess.size, any.options.data.preprocess.size)},
           {"training", fmt::format("{} epochs, batches of {}, {}, rate {} ({})",
                                    any.options.epochs, any.options.batch, any.options.optimizer,
                                    any.options.lr, name_of(kSchedules, any.options.schedule))},
           {"machine", any.from.machine},
           {"version",
            any.from.version + (any.from.commit.empty() ? "" : ", commit " + any.from.commit)},
           {"one run's command", any.from.command}}));
  std::vector<Table> tables = grid_tables(results);
  tables.push_back(extremes(results));
  for (Table& table : tables) {
    table.note = fmt::format("{} Split: {}.", table.note, describe_splits(results));
    page.add(table.title, table.note, table.html());
    add_table(table, files);
  }
  const std::vector<std::string> missing = missing_runs(results);
  if (!missing.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : missing) rows.push_back({line});
    page.add("Not in the tables", "", html({.caption = "", .columns = {"run"}, .rows = rows}));
  }
  const std::vector<std::pair<std::string, std::vector<Plot>>> charts = {
      {"Weights over time", weight_charts(results)},
      {"Losses over time", loss_charts(results)},
      {"Validation", validation_charts(results)}};
  for (const auto& [title, group] : charts) {
    page.add(title, title == "Validation" ? "Mean over repetitions." : "First repetition.",
             plots_html(group));
  }
  add_panels(page, results);
  files["report.html"] = page.html();
  Figures figures = draw_figures(charts);
  for (auto& [name, content] : figures.files) files["figures" / name] = std::move(content);
  OutputFiles outputs({"experiment", overwrite, "--out", {}});
  for (const auto& [name, content] : files) outputs.plan(out, name);
  outputs.drop_former(out);
  outputs.begin();
  for (auto& [name, content] : files) outputs.write(out / name, std::move(content));

  std::string lines;
  for (const std::string& line : missing) lines += line + "\n";
  lines += fmt::format("report    {}\ntables    {}\n", (out / "report.html").string(),
                       (out / "tables").string());
  return lines + fmt::format("figures   {}{}\n", (out / "figures").string(),
                             figures.problem.empty() ? "" : "; " + figures.problem);
}

}  // namespace dmf
