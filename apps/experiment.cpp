#include <fmt/format.h>

#include <regex>

#include "apps/experiment/runner.h"
#include "apps/support/program.h"
#include "apps/training/run_folder.h"
#include "apps/training/trainer.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace {

/// "2/5": the second of five parts.
void set_shard(const std::string& text, dmf::RunnerOptions& options) {
  std::smatch match;
  if (std::regex_match(text, match, std::regex("([0-9]{1,6})/([0-9]{1,6})"))) {
    options.shard = std::stoi(match[1]);
    options.shards = std::stoi(match[2]);
  }
  if (!match.ready() || match.empty() || options.shard < 1 || options.shard > options.shards) {
    throw CLI::ValidationError("--shard", "got '" + text + "', expected I/N with 1 <= I <= N");
  }
}

void add_grid_options(CLI::App& app, dmf::PlanOptions& plan, dmf::RunnerOptions& runner) {
  const auto group = "Grid";
  app.add_option("--configurations", plan.configurations,
                 "WEIGHTING or WEIGHTING+AUXILIARY each; the default is the paper's grid with its "
                 "controls, 20 of them")
      ->group(group)
      ->delimiter(',');
  app.add_option("--vary", plan.vary, "\"KEY=VALUE VALUE ...\": another option's values to try")
      ->group(group)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--repeats", plan.repeats, "Repetitions of every configuration")
      ->group(group)
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--jobs", runner.jobs, "Runs at a time; the threads are divided among them")
      ->group(group)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str()
      ->configurable(false);
  app.add_option_function<std::string>(
         "--shard", [&runner](const std::string& text) { set_shard(text, runner); },
         "I/N: only every Nth run from the Ith on, for an array of machines")
      ->group(group)
      ->configurable(false);
  app.add_flag("--retry-failed", runner.retry_failed, "Try runs again that failed")
      ->group(group)
      ->configurable(false);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Trains a grid of configurations, each several times, and reports on it. A grid that was "
      "stopped goes on with the same command. Research software, not for diagnosis.",
      "experiment");
  dmf::TrainOptions options;
  dmf::PlanOptions plan;
  dmf::RunnerOptions runner;
  std::string out;
  bool dry_run = false;
  dmf::bind_options(app, options);
  add_grid_options(app, plan, runner);
  app.add_option("--out", out, "Folder for the grid")->configurable(false);
  app.add_flag("--dry-run", dry_run, "Only list the runs")->configurable(false);
  dmf::add_threads_option(app);
  app.final_callback([&] {
    for (const char* needed : {"--data", "--out"}) {
      if (app[needed]->empty()) throw CLI::RequiredError(needed);
    }
    for (const char* set : {"--weighting", "--auxiliary"}) {
      if (app.count(set) > 0) {
        throw CLI::ValidationError(std::string(set) + " is set by --configurations");
      }
    }
  });
  return dmf::run_program(app, argc, argv, [&] {
    std::vector<dmf::GridRun> runs;
    for (dmf::PlannedRun& run : dmf::plan_runs(dmf::config_text(app), plan)) {
      dmf::check_options(dmf::parse_config(run.config, run.configuration));
      runs.emplace_back(out, std::move(run));
    }
    if (dry_run) {
      for (const dmf::GridRun& run : runs) fmt::print("{}\n", run.label());
      return 0;
    }
    dmf::run_grid(out, runs, runner);
    const dmf::GridState state = dmf::state_of(runs);
    fmt::print("grid      {} of {} runs done, {} failed\n", state.done, runs.size(), state.failed);
    return state.failed == 0 ? 0 : 1;
  });
}
