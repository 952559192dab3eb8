#include <fmt/format.h>

#include "apps/report/run_report.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/training/config_file.h"
#include "apps/training/model_file.h"
#include "apps/training/option_conflicts.h"
#include "apps/training/provenance.h"
#include "apps/training/recipes.h"
#include "apps/training/run_folder.h"
#include "apps/training/trainer.h"
#include "engine/core/device_runtime.h"
#include "engine/core/parallel.h"
#include "engine/io/atomic_file.h"

namespace {

/// A new run needs data and a place; one that goes on brings everything but what computes it.
void check_command(const CLI::App& app) {
  if (app.count("--resume") == 0) {
    for (const char* needed : {"--data", "--out"}) {
      if (app[needed]->empty()) throw CLI::RequiredError(needed);
    }
    return;
  }
  for (const CLI::Option* option : app.get_options()) {
    const bool allowed = option->check_name("--resume") || option->check_name("--threads") ||
                         option->check_name("--device") || option->check_name("--precision");
    if (!allowed && option->count() > 0) {
      throw CLI::ValidationError("--resume takes its options from the run, so " +
                                 option->get_name() + " cannot be given with it");
    }
  }
}

/// Says on standard error what was asked for in vain.
void warn_of_idle_options(const CLI::App& app, const dmf::TrainOptions& options,
                          const dmf::RunData& data) {
  const auto images = static_cast<dmf::Index>(data.split.train.size());
  const std::int64_t steps = dmf::chunk_count(images, options.batch) * options.epochs;
  for (const std::string& line : dmf::without_effect(app, options, steps)) {
    fmt::print(stderr, "warning: {}\n", line);
  }
}

/// Does what a finished training can do without: what goes wrong is said, and no more.
void attempt(const std::function<void()>& draw) {
  try {
    draw();
  } catch (const std::exception& problem) {
    fmt::print(stderr, "warning: {} The scores are not touched by it.\n", problem.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Trains a U-Net on ultrasound images with Dynamic Memory Fusion. Research software, not for "
      "diagnosis.",
      "train");
  dmf::TrainOptions options;
  dmf::bind_options(app, options, dmf::kTrainRecipe);
  std::string out, resume;
  bool overwrite = false;
  app.add_option("--out", out, "Folder to write the run to")
      ->type_name("DIR")
      ->check(dmf::not_empty())
      ->configurable(false);
  app.add_flag("--overwrite", overwrite, "Write even if that folder is not empty")
      ->configurable(false);
  app.add_option("--resume", resume, "Go on with the run in this folder, with its own options")
      ->type_name("DIR")
      ->check(dmf::not_empty())
      ->configurable(false);
  dmf::add_threads_option(app);
  app.final_callback([&] { check_command(app); });
  return dmf::run_program(app, argc, argv, [&] {
    const bool resuming = !resume.empty();
    const std::filesystem::path folder = resuming ? resume : out;
    if (resuming) {
      const dmf::DeviceChoice given = options.where;
      options = dmf::read_config((folder / "config.toml").string());
      if (app.count("--device") > 0) options.where.device = given.device;
      if (app.count("--precision") > 0) options.where.precision = given.precision;
    }
    const dmf::TrainOptions configured = options;
    if (resuming) options.split_file = (folder / "split.csv").string();
    dmf::check_options(options);
    const dmf::Device device = options.where.open();
    fmt::print("machine   {}\n", dmf::describe_machine());
    if (!device.is_cpu()) {
      fmt::print("device    {}, {}\n", dmf::device_runtime::description(device),
                 options.where.precision);
    }
    const dmf::RunData data = dmf::load_data(options);
    if (options.num_classes == 0) {  // the run's configuration holds what the masks said
      options.num_classes = data.samples.mask_encoding().classes;
      dmf::check_options(options);
      CLI::Option* classes = app.get_option("--num-classes");
      classes->clear();
      classes->add_result(fmt::format("{}", options.num_classes));
    }
    const std::string split = dmf::describe_split(configured, data.samples);
    fmt::print("{}\n", dmf::describe_data(data, options));
    if (!resuming) {
      fmt::print("{}\n", dmf::describe_recipe(app));
      warn_of_idle_options(app, options, data);
    }
    if (!resuming) dmf::create_run_folder(folder, overwrite);
    const dmf::RunLock lock(folder);
    if (!resuming) {
      dmf::write_file_atomically(folder / "config.toml", dmf::config_text(app));
      dmf::write_split(folder / "split.csv", data.split, data.samples);
    }
    if (!resuming || !std::filesystem::exists(folder / "run.json")) {  // older versions wrote none
      dmf::write_provenance(folder / "run.json",
                            dmf::provenance_of(data.samples, split, dmf::command_line(argc, argv)));
    }
    dmf::train_network(options, data, folder,
                       resuming ? dmf::Start::from_checkpoint : dmf::Start::anew);

    dmf::Model model = dmf::load_model(folder, device);
    const bool at_original = options.score_at == "original";
    const dmf::Evaluation evaluation = dmf::evaluate(
        *model.network, data.samples, data.split.test,
        {.batch = options.batch, .at_original = at_original ? &model.preprocess : nullptr});
    const dmf::Scoreboard scores = dmf::make_scoreboard(evaluation.images);
    dmf::write_file_atomically(folder / "per_image.csv", dmf::per_image_csv(evaluation.images));
    attempt([&] {
      dmf::write_panels(folder / "panels", model, data.samples, data.split.test, evaluation.images);
      dmf::write_run_page(folder, scores, evaluation.images);
    });
    // Last: it says that the run is complete.
    dmf::write_file_atomically(folder / "metrics.json", dmf::metrics_json(scores, options.score_at, "test", split));
    fmt::print("\n{}\nrun folder: {}\n",
               scores.table(fmt::format(
                   "test, {} images, {}, at {}, best.safetensors", scores.images, split,
                   at_original ? "each file's own size" : fmt::format("{0} x {0}", options.image))),
               folder.string());
    return 0;
  });
}
