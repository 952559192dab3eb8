#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <numeric>
#include <set>

#include "apps/data/anonymise.h"
#include "apps/evaluation/per_image.h"
#include "apps/evaluation/tiles.h"
#include "apps/files/output_files.h"
#include "apps/options/config_file.h"
#include "apps/options/conventions.h"
#include "apps/programs.h"
#include "apps/report/run_report.h"
#include "apps/run/model_file.h"
#include "apps/run/run_data.h"
#include "apps/run/run_identity.h"
#include "apps/support/common_options.h"
#include "apps/support/console.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/support/progress.h"
#include "engine/core/check.h"

namespace {

namespace fs = std::filesystem;

std::vector<std::size_t> part_of(const dmf::Split& split, const std::string& name) {
  return name == "train"        ? split.train
         : name == "validation" ? split.validation
         : name == "test"       ? split.test
                                : split.aside;
}

/// The weights of each run; of several, an ensemble.
dmf::Model load(const std::vector<std::string>& runs, const std::string& weights,
                const dmf::Compute& compute) {
  std::vector<std::string> files;
  for (const fs::path run : runs) {
    dmf::require_one_run(run);
    files.push_back((run / (weights + ".safetensors")).string());
  }
  return dmf::load_models(files, compute);
}

/// throws  ValueError for an image that is not in this part of another run of the ensemble too: it
///         may have learnt from it
void require_in_part(const fs::path& run, const std::vector<std::size_t>& items,
                     const std::string& part, const dmf::SampleSet& samples) {
  const std::vector<std::size_t> there = part_of(
      dmf::parse_split(dmf::read_csv(run / "split.csv"), samples, dmf::DataChange::allowed), part);
  const std::set<std::size_t> in_part(there.begin(), there.end());
  for (const std::size_t item : items) {
    DMF_CHECK(
        in_part.contains(item), ValueError,
        "[evaluate] {} is not in the {} part of {}, so that a score of the ensemble would not "
        "be one of images it has not learnt from: score runs of one split, or another data "
        "set (--data).",
        samples.item(item).id, part, run.string());
  }
}

}  // namespace

int dmf::evaluate_program(const Call& call) {
  CLI::App app("Scores a trained network on a part of its data set, or on another data set.",
               "evaluate");
  std::vector<std::string> runs;
  std::string data_folder, weights = "best", part = "test", at = "original", json, csv;
  int batch = 32;
  const std::string group = "Options";
  app.add_option("--run", runs,
                 "Run folder that train wrote; of several, which make an ensemble, the mean of the "
                 "probabilities is scored")
      ->check(dmf::not_empty())
      ->type_name("RUN...")
      ->required();
  dmf::add_value(app, group, "--weights", weights, "best or last")
      ->check(dmf::one_of({"best", "last"}));
  dmf::add_value(app, group, "--part", part,
                 "train, validation, test, aside (see --set-aside of train) or all")
      ->check(dmf::one_of({"train", "validation", "test", "aside", "all"}));
  std::vector<std::string> classes;
  CLI::Option* other =
      dmf::add_value(app, group, "--data", data_folder,
                     "Score all of another data set instead; with --part: where the run's own data "
                     "lie now")
          ->check(dmf::not_empty());
  bool data_changed = false;
  app.add_flag("--data-changed", data_changed,
               "Score although the run's images or masks changed since it began");
  dmf::add_list(app, group, "--classes", classes,
                "Of it, the class folders to read: benign, malignant, normal")
      ->needs(other);
  dmf::add_value(
      app, group, "--at", at,
      "Score at the network's size, or at each file's original size; of the run's own data "
      "by default as train did")
      ->check(dmf::one_of({"network", "original"}));
  double tiles = 0.0;
  dmf::add_value(app, group, "--tiles", tiles, dmf::kTilesHelp)
      ->check(dmf::number_in(dmf::kTileScales));
  dmf::add_value(app, group, "--batch", batch, "Images, of tiles windows, at a time")
      ->check(dmf::whole_number(1, 4096));
  std::string convention;
  dmf::add_value(app, group, "--convention", convention,
                 "Give Dice and IoU as this project reports them too; by default the run's")
      ->check(dmf::one_of(dmf::convention_names()));
  app.add_option(
         "--json", json,
         "Write the scores to this file too; without a file: print them as JSON, and nothing "
         "else on standard output")
      ->expected(0, 1);
  app.final_callback([&] {
    if (app.count("--json") > 0 && json.empty()) dmf::want_json();
  });
  dmf::add_dry_run_option(app);
  app.add_option("--csv", csv, "Write a table with a row an image to this file too");
  bool overwrite = false;
  app.add_flag("--overwrite", overwrite,
               "Replace --json and --csv where an earlier evaluate wrote them, unless they were "
               "changed since");
  bool anonymise = false;
  app.add_flag(
      "--anonymise", anonymise,
      "In --csv, call images by neutral names, not their files'; a run that was trained so "
      "is scored so");
  dmf::DeviceChoice where;
  dmf::add_device_options(app, where);
  dmf::add_processor_options(app);
  return dmf::run_program(app, call, [&] {
    const fs::path folder = runs.front();
    dmf::warn_where_idle(app, "--precision", !where.has_precision(), dmf::kCpuPrecision);
    dmf::warn_where_idle(app, "--overwrite", json.empty() && csv.empty(),
                         "without --json or --csv");
    dmf::warn_where_idle(app, "--data-changed", !data_folder.empty() && app.count("--part") == 0,
                         "on another data set");
    dmf::OutputFiles outputs({"evaluate", overwrite, "--json or --csv", {}});
    for (const std::string& file : {json, csv}) {
      if (!file.empty()) outputs.plan(file);
    }
    outputs.begin();
    dmf::require_one_run(folder);
    dmf::TrainOptions options = dmf::read_config((folder / "config.toml").string());
    dmf::Model model = load(runs, weights, where.compute());
    DMF_CHECK(model.classes() == options.data.masks.classes, ValueError,
              "[evaluate] the network has {} classes, the run's configuration {}.", model.classes(),
              options.data.masks.classes);
    std::string split;
    const bool own = data_folder.empty() || app.count("--part") > 0;
    if (!data_folder.empty()) options.data.folder = data_folder;
    DMF_CHECK(tiles == 0.0 || app.count("--at") == 0 || at == "original", ValueError,
              "[evaluate] --at network with --tiles {}: expected --at original, which windows are "
              "cut for. Leave one out.",
              tiles);
    if (own && app.count("--at") == 0 && tiles == 0.0)
      at = dmf::name_of(dmf::kScoredSizes, options.score_at);
    if (own) {
      DMF_CHECK(classes.empty(), ValueError,
                "[evaluate] --classes are of another data set, --part of the run's own: give one.");
      DMF_CHECK(std::filesystem::is_directory(options.data.folder), IoError,
                "[evaluate] {}, where the run's data lay, is not a folder: say where they lie now "
                "(--data FOLDER --part {}).",
                options.data.folder, part);
    } else {
      if (!classes.empty()) options.data.dataset.classes = classes;
      options.soft_labels = false;  // of the run's losses, and theirs need be no such masks
      part = "all";
      split = "all of another data set";
    }
    // The images as the network learnt them: the configuration only says where they are.
    const dmf::SampleSet samples =
        dmf::load_samples(options, model.preprocess, own ? model.masks : std::nullopt);
    for (const std::string& note : samples.notes()) {
      if (note.starts_with("warning: ")) dmf::warn(note);
    }
    if (split.empty()) split = dmf::describe_split(options, samples);
    bool other_data = false;  // than those that the split was made of
    if (own && std::filesystem::exists(folder / "run.json")) {
      const dmf::Provenance from = dmf::read_provenance(folder / "run.json");
      other_data =
          dmf::require_same_data(folder, from, samples, data_changed) || !from.former_data.empty();
    }
    std::vector<std::size_t> items(samples.size());
    std::iota(items.begin(), items.end(), std::size_t{0});
    if (part != "all")
      items = part_of(
          dmf::parse_split(dmf::read_csv(folder / "split.csv"), samples,
                           other_data ? dmf::DataChange::allowed : dmf::DataChange::refused),
          part);
    for (std::size_t k = 1; own && part != "all" && k < runs.size(); ++k) {
      require_in_part(runs[k], items, part, samples);
    }
    dmf::end_dry_run(fmt::format("score {} images", items.size()));
    dmf::EvaluationOptions scoring;
    scoring.batch = batch;
    scoring.tiles = tiles;
    if (at == "original") scoring.at_original = &model.preprocess;
    dmf::CountBar bar;
    scoring.on_progress = std::ref(bar);
    dmf::Evaluation evaluation = dmf::evaluate(model.predictor(), samples, items, scoring);
    if (anonymise && !options.data.anonymise) {
      for (dmf::ImageScore& image : evaluation.images) image.id = dmf::neutral_name(image.id);
    }
    dmf::Scoreboard scores = dmf::make_scoreboard(
        evaluation.images, {.convention = convention.empty() ? options.convention : convention});
    scores.reliability = evaluation.reliability;
    const std::string inference = model.inference.describe();
    fmt::print(
        "{}",
        scores.table(
            fmt::format("{}, {} images, {}, at {}, {}.safetensors", part, scores.images, split,
                        at == "original" ? "each file's own size"
                                         : fmt::format("{0} x {0}", model.preprocess.size),
                        weights) +
            (tiles == 0.0 ? "" : fmt::format(", in windows at {} times that", tiles)) +
            (model.members.size() == 1 ? "" : fmt::format(", {} networks", model.members.size())) +
            (inference.empty() ? "" : ", " + inference)));
    if (tiles != 0.0) at += fmt::format(", in windows at {} times that", tiles);
    const std::string metrics = dmf::metrics_json(scores, at, part, split, model.run);
    dmf::print_json(metrics);
    if (!json.empty()) outputs.write(json, metrics);
    if (!csv.empty()) outputs.write(csv, dmf::per_image_csv(evaluation.images));
    return 0;
  });
}
