#include <fmt/format.h>

#include "apps/benchmarks/ops.h"
#include "apps/benchmarks/step.h"
#include "apps/support/program.h"
#include "engine/core/device.h"

int main(int argc, char** argv) {
  CLI::App app("Measures the engine's speed. Each subcommand prints JSON, one line a result.",
               "bench");
  app.require_subcommand(1);
  dmf::StepBenchmark step;
  std::string device = "cpu";
  CLI::App* step_command =
      app.add_subcommand("step", "A training step and inference of a whole network");
  step_command->add_option("--model", step.model, "Network")
      ->check(CLI::IsMember({"paper", "classic"}))
      ->capture_default_str();
  step_command->add_option("--batch", step.batch, "Images in the batch")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  step_command->add_option("--image", step.image, "Height and width in pixels")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  step_command->add_option("--iterations", step.iterations, "Timed rounds, after three to warm up")
      ->check(CLI::Range(7, 100000))
      ->capture_default_str();
  step_command->add_option("--device", device, "Where to compute: cpu")->capture_default_str();
  dmf::add_threads_option(*step_command);

  std::string shapes_file;
  CLI::App* ops_command = app.add_subcommand(
      "ops", "Every kernel at the U-Nets' shapes: checked against its plain twin, then timed");
  ops_command->add_option("--shapes", shapes_file,
                          "Shapes instead of the U-Nets': lines of "
                          "op,n,h,w,c_in,c_out,kernel,stride under a header of these names");
  ops_command->add_option("--batch", step.batch, "Images in the batch")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  ops_command->add_option("--image", step.image, "Height and width in pixels")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  dmf::add_threads_option(*ops_command);

  return dmf::run_program(app, argc, argv, [&] {
    const auto print = [](const std::string& line) { fmt::print("{}\n", line); };
    if (ops_command->parsed()) {
      const auto shapes = shapes_file.empty() ? dmf::unet_shapes(step.batch, step.image)
                                              : dmf::read_shapes(shapes_file);
      return dmf::run_ops_benchmark(shapes, print) ? 0 : 1;
    }
    dmf::Device::parse(device);
    print(dmf::run_step_benchmark(step));
    return 0;
  });
}
