#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "apps/benchmarks/device_step.h"
#include "apps/benchmarks/loading.h"
#include "apps/benchmarks/objectives.h"
#include "apps/benchmarks/ops.h"
#include "apps/benchmarks/scaling.h"
#include "apps/benchmarks/step.h"
#include "apps/options/augment_option.h"
#include "apps/programs.h"
#include "apps/support/option_set.h"
#include "apps/support/program.h"

namespace {

void add_size_options(CLI::App& command, dmf::Workload& workload) {
  dmf::add_value(command, "Options", "--batch", workload.batch, "Images in the batch")
      ->check(dmf::whole_number(1, 4096));
  dmf::add_value(command, "Options", "--image", workload.image, "Height and width in pixels")
      ->check(dmf::whole_number(1, 4096));
  dmf::add_processor_options(command);
}

void add_model_options(CLI::App& command, dmf::Workload& workload, int& iterations) {
  dmf::add_value(command, "Options", "--model", workload.model, dmf::help_of(dmf::networks()))
      ->check(dmf::one_of(dmf::names_of(dmf::networks())));
  dmf::add_value(command, "Options", "--iterations", iterations,
                 "Timed rounds, after some to warm up")
      ->check(dmf::whole_number(7, 100000));
  add_size_options(command, workload);
}

}  // namespace

int dmf::bench_program(const Call& call) {
  CLI::App app("Measures the engine's speed. Each subcommand prints JSON, one line a result.",
               "bench");
  app.require_subcommand(1);
  dmf::Workload workload;
  int iterations = 7;
  std::string shapes_file;
  dmf::DeviceChoice where;

  CLI::App* step = app.add_subcommand("step", "A training step and inference of a whole network");
  add_model_options(*step, workload, iterations);
  dmf::add_device_options(*step, where);

  CLI::App* objectives = app.add_subcommand(
      "dmf", "A training step with each weighting rule against cross-entropy alone");
  add_model_options(*objectives, workload, iterations);

  CLI::App* scaling =
      app.add_subcommand("threads", "A training step with one thread and with all, in turn");
  add_model_options(*scaling, workload, iterations);

  CLI::App* loader = app.add_subcommand(
      "loader", "Making augmented batches, on one thread and on all, beside a training step");
  std::string augment = "strong";
  add_model_options(*loader, workload, iterations);
  dmf::OptionSet loader_options(*loader);
  dmf::add_augment_option(loader_options, "Options", augment);

  CLI::App* ops = app.add_subcommand(
      "ops", "Every kernel at the networks' shapes: checked against its plain twin, then timed");
  ops->add_option("--shapes", shapes_file,
                  "Shapes instead of the networks': lines of op,n,h,w,c_in,c_out,kernel,stride "
                  "under a header of these names");
  add_size_options(*ops, workload);
  dmf::add_device_options(*ops, where);

  return dmf::run_program(app, call, [&] {
    const auto print = [](const std::string& line) { fmt::print("{}\n", line); };
    const dmf::Compute compute = where.compute();
    if (ops->parsed()) {
      const auto shapes = shapes_file.empty() ? dmf::all_shapes(workload.batch, workload.image)
                                              : dmf::read_shapes(shapes_file);
      return dmf::run_ops_benchmark(shapes, compute, print) ? 0 : 1;
    }
    if (loader->parsed()) {
      print(dmf::run_loading_benchmark(workload, augment, iterations));
      return 0;
    }
    if (scaling->parsed()) {
      dmf::run_scaling_benchmark(workload, iterations, print);
      return 0;
    }
    if (objectives->parsed()) {
      dmf::run_dmf_benchmark(workload, iterations, print);
      return 0;
    }
    print(compute.device.is_cpu() ? dmf::run_step_benchmark(workload, compute.device, iterations)
                                  : dmf::run_device_step_benchmark(workload, compute, iterations));
    return 0;
  });
}
