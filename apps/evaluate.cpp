#include <fmt/format.h>

#include <numeric>

#include "apps/report/run_report.h"
#include "apps/support/output_files.h"
#include "apps/support/program.h"
#include "apps/training/run_data.h"
#include "engine/core/check.h"

namespace {

std::vector<std::size_t> part_of(const dmf::Split& split, const std::string& name) {
  return name == "train" ? split.train : name == "validation" ? split.validation : split.test;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Scores a trained network on a part of its data set, or on another data set.",
               "evaluate");
  std::string run, data_folder, weights = "best", part = "test", at = "network", json, csv;
  int batch = 32;
  app.add_option("--run", run, "Run folder that train wrote")->required();
  app.add_option("--weights", weights, "best or last")
      ->check(CLI::IsMember({"best", "last"}))
      ->capture_default_str();
  app.add_option("--part", part, "train, validation, test or all")
      ->check(CLI::IsMember({"train", "validation", "test", "all"}))
      ->capture_default_str();
  std::vector<std::string> classes;
  CLI::Option* other =
      app.add_option("--data", data_folder, "Score all of another data set instead");
  app.add_option("--classes", classes, "Of it, the BUSI folders to read: benign, malignant, normal")
      ->delimiter(',')
      ->needs(other);
  app.add_option("--at", at, "Score at the network's size, or at each file's original size")
      ->check(CLI::IsMember({"network", "original"}))
      ->capture_default_str();
  app.add_option("--batch", batch, "Images at a time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  app.add_option("--json", json, "Write the scores to this file too");
  app.add_option("--csv", csv, "Write a table with a row an image to this file too");
  bool overwrite = false;
  app.add_flag("--overwrite", overwrite,
               "Replace --json and --csv where an earlier evaluate wrote them, unless they were "
               "changed since");
  dmf::DeviceChoice where;
  dmf::add_device_options(app, where);
  dmf::add_threads_option(app);
  return dmf::run_program(app, argc, argv, [&] {
    const std::filesystem::path folder = run;
    dmf::OutputFiles outputs({"evaluate", overwrite, "--json or --csv", {}});
    for (const std::string& file : {json, csv}) {
      if (!file.empty()) outputs.plan(file);
    }
    outputs.begin();
    dmf::TrainOptions options = dmf::read_config((folder / "config.toml").string());
    dmf::Model model = dmf::load_model(folder / (weights + ".safetensors"), where.open());
    DMF_CHECK(model.network->spec().classes == options.num_classes, ValueError,
              "[evaluate] the network has {} classes, the run's configuration {}.",
              model.network->spec().classes, options.num_classes);
    std::string split = dmf::describe_split(options);
    if (!data_folder.empty()) {
      options.data = data_folder;
      if (!classes.empty()) options.dataset.classes = classes;
      part = "all";
      split = "all of another data set";
    }
    const dmf::SampleSet samples = dmf::load_samples(options);
    std::vector<std::size_t> items(samples.size());
    std::iota(items.begin(), items.end(), std::size_t{0});
    if (part != "all")
      items = part_of(dmf::parse_split(dmf::read_csv(folder / "split.csv"), samples), part);
    dmf::EvaluationOptions how;
    how.batch = batch;
    if (at == "original") how.at_original = &model.preprocess;
    const dmf::Evaluation evaluation = dmf::evaluate(*model.network, samples, items, how);
    const dmf::Scoreboard scores = dmf::make_scoreboard(evaluation.images);
    fmt::print("{}", scores.table(fmt::format(
                         "{}, {} images, {}, at {}, {}.safetensors", part, scores.images, split,
                         at == "original" ? "original size"
                                          : fmt::format("{0} x {0}", model.preprocess.size),
                         weights)));
    if (!json.empty()) outputs.write(json, dmf::metrics_json(scores, part, split));
    if (!csv.empty()) outputs.write(csv, dmf::per_image_csv(evaluation.images));
    return 0;
  });
}
