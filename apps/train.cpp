#include <fmt/format.h>

#include "apps/report/run_report.h"
#include "apps/support/program.h"
#include "apps/training/checkpoint.h"
#include "apps/training/run_folder.h"
#include "apps/training/trainer.h"
#include "engine/io/atomic_file.h"

int main(int argc, char** argv) {
  CLI::App app(
      "Trains a U-Net on ultrasound images with Dynamic Memory Fusion. Research software, not for "
      "diagnosis.",
      "train");
  dmf::TrainOptions options;
  dmf::bind_options(app, options);
  std::string out;
  bool overwrite = false;
  app.add_option("--out", out, "Folder to write the run to")->required()->configurable(false);
  app.add_flag("--overwrite", overwrite, "Write even if that folder is not empty")
      ->configurable(false);
  dmf::add_threads_option(app);
  return dmf::run_program(app, argc, argv, [&] {
    dmf::check_options(options);
    const std::filesystem::path folder = out;
    fmt::print("machine   {}\n", dmf::describe_machine());
    const dmf::RunData data = dmf::load_data(options);
    fmt::print("{}\n", dmf::describe_data(data, options));
    dmf::create_run_folder(folder, overwrite);
    dmf::write_file_atomically(folder / "config.toml", dmf::config_text(app));
    dmf::write_split(folder / "split.csv", data.split, data.samples);
    dmf::train_network(options, data, folder);

    dmf::Model model = dmf::load_model(folder);
    const auto scores =
        dmf::evaluate(*model.network, data.samples, data.split.test, {.batch = options.batch});
    const std::string split = fmt::format("{} split, seed {}", options.split, options.seed);
    dmf::write_metrics(folder / "metrics.json", scores, "test", split);
    dmf::write_panels(folder / "panels", model, data.samples, data.split.test, 8);
    fmt::print("\n{}\nrun folder: {}\n",
               scores.table(fmt::format("test, {} images, {}, at {} x {}, best.safetensors",
                                        scores.images.size(), split, options.image, options.image)),
               folder.string());
    return 0;
  });
}
