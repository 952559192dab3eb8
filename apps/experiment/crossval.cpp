#include "apps/experiment/crossval.h"

#include <fmt/format.h>

#include <functional>

#include "apps/evaluation/per_image.h"
#include "apps/evaluation/scoreboard.h"
#include "apps/experiment/statistics.h"
#include "apps/experiment/table.h"
#include "apps/files/csv.h"
#include "apps/options/config_file.h"
#include "apps/run/model_file.h"
#include "apps/run/run_data.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// Scores per image over those with a lesion, a row a model.
Table empty_table(const std::string& title) {
  return {"", title,
          "", {"", "images", "lesion Dice an image (95 %)", "IoU", "HD95 in pixels", "missed"},
          {}, {}};
}

void add_row(Table& table, const std::string& name, const Scoreboard& board) {
  const auto text = [&](const char* metric, int digits) {
    return board.at("per_image", metric, "lesion").text(digits);
  };
  table.rows.push_back({name, fmt::format("{}", board.images), text("dice", 4), text("iou", 4),
                        text("hd95", 1), fmt::format("{} of {}", board.missed, board.with_lesion)});
}

double dice_of(const Scoreboard& board) {
  return board.at("per_image", "dice", "lesion").value;
}

/// "0.7412, SD 0.0132 over 5"
std::string mean_and_deviation(const std::vector<double>& values) {
  const MeanDeviation m = mean_deviation(values);
  return values.size() == 1
             ? fmt::format("{:.4f}", m.mean)
             : fmt::format("{:.4f}, SD {:.4f} over {}", m.mean, m.deviation, values.size());
}

/// The ensemble and its members on what no fold has seen.
std::string score_aside(const fs::path& folder, const std::vector<GridRun>& runs,
                        const Model& ensemble, const Compute& compute) {
  const TrainOptions options = read_config((runs.front().folder() / "config.toml").string());
  const SampleSet samples = load_samples(options, ensemble.preprocess, ensemble.masks);
  const Split split = parse_split(read_csv(runs.front().folder() / "split.csv"), samples);
  EvaluationOptions scoring;
  scoring.batch = options.batch;
  if (options.score_at == ScoredSize::original) scoring.at_original = &ensemble.preprocess;
  const auto score = [&](const Predictor& predictor) {
    return evaluate(predictor, samples, split.aside, scoring).images;
  };
  Table table = empty_table("On the images set aside, which no fold has seen.");
  std::vector<double> members;
  for (const GridRun& run : runs) {
    const Model member = load_model(run.folder(), compute);
    const Scoreboard board = make_scoreboard(score(member.predictor()));
    members.push_back(dice_of(board));
    add_row(table, run.plan().configuration, board);
  }
  const std::vector<ImageScore> images = score(ensemble.predictor());
  const Scoreboard board = make_scoreboard(images);
  write_file_atomically(folder / "aside.csv", per_image_csv(images));
  const std::string inference = ensemble.inference.describe();
  add_row(table, "**ensemble**" + (inference.empty() ? "" : " (" + inference + ")"), board);
  return "\n" + table.markdown() +
         fmt::format("\nDice: mean of the members {}; ensemble {:.4f}\n",
                     mean_and_deviation(members), dice_of(board));
}

}  // namespace

std::vector<PlannedRun> plan_folds(const std::string& config, int only) {
  const TrainOptions shared = parse_config(with_options(config, {}), "the options");
  const int folds = shared.split.folds, aside = shared.split.set_aside;
  DMF_CHECK(folds >= 3, ValueError, "[crossval] {} folds: expected --folds of at least 3.", folds);
  DMF_CHECK(only >= 0 && only <= folds && (only == 0 || only != aside), ValueError,
            "[crossval] --fold {}: expected one of {} that is not set aside.", only, folds);
  std::vector<PlannedRun> runs;
  for (int fold = 1; fold <= folds; ++fold) {
    if (fold == aside || (only > 0 && fold != only)) continue;
    const std::string name = fmt::format("fold{}", fold);
    const std::string text = with_options(config, {{"fold", fmt::format("{}", fold)}});
    parse_config(text, name);
    runs.push_back({name, 1, text});
  }
  return runs;
}

std::string write_crossval(const fs::path& folder, const std::vector<GridRun>& runs,
                           const Compute& compute) {
  Table folds = empty_table("Each image by the model that has not seen it.");
  std::vector<ImageScore> all;
  std::vector<double> dice;
  std::vector<std::string> models;
  for (const GridRun& run : runs) {
    const std::vector<ImageScore> images = read_per_image_csv(run.folder() / "per_image.csv");
    const Scoreboard board = make_scoreboard(images);
    dice.push_back(dice_of(board));
    add_row(folds, run.plan().configuration, board);
    all.insert(all.end(), images.begin(), images.end());
    models.push_back(run.folder().string());
  }
  add_row(folds, "**all**", make_scoreboard(all));
  std::string text =
      folds.markdown() + fmt::format("\nDice: mean of the folds {}\n", mean_and_deviation(dice));
  const Model ensemble = load_models(models, compute);
  write_safetensors(folder / "ensemble.safetensors", model_content(ensemble));
  write_file_atomically(folder / "per_image.csv", per_image_csv(all));
  const TrainOptions options = read_config((runs.front().folder() / "config.toml").string());
  if (options.split.set_aside > 0) text += score_aside(folder, runs, ensemble, compute);
  write_file_atomically(folder / "crossval.md", text);
  return text;
}

}  // namespace dmf
