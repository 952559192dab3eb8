#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <map>

#include "apps/experiment/commands/commands.h"
#include "apps/experiment/report/grid_report.h"
#include "apps/experiment/runner.h"
#include "apps/files/folders.h"
#include "apps/options/config_file.h"
#include "apps/options/option_conflicts.h"
#include "apps/options/recipes.h"
#include "apps/programs.h"
#include "apps/run/run_folder.h"
#include "apps/support/console.h"
#include "apps/support/machine_limits.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/training/trainer.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace {

void add_grid_options(CLI::App& app, dmf::PlanOptions& plan) {
  const auto group = "Grid";
  dmf::add_list(
      app, group, "--configurations", plan.configurations,
      "WEIGHTING or WEIGHTING+AUXILIARY each, names or formulas; the default is the paper's grid with its "
      "controls, 20 of them");
  app.add_option("--vary", plan.vary, "\"KEY=VALUE VALUE ...\": another option's values to try")
      ->group(group)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option(
         "--ablate", plan.ablate,
         "\"KEY=VALUE; KEY=VALUE\": one more configuration, the first with these options changed")
      ->group(group)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  dmf::add_value(app, group, "--repeats", plan.repeats, "Repetitions of every configuration")
      ->check(dmf::whole_number(1, 10000));
}

/// A training grid: what `experiment` does without a subcommand.
class GridCommand {
 public:
  explicit GridCommand(CLI::App& app) : app_(app) {
    bind_options(app, options_, dmf::kGridRecipe);
    for (const char* set : {"--weighting", "--auxiliary"}) {
      app.get_option(set)->configurable(false);  // by the configurations, run by run
    }
    add_grid_options(app, plan_);
    dmf::add_runner_options(app, runner_);
    app.add_option("--out", out_, "Folder for the grid")
        ->check(dmf::not_empty())
        ->configurable(false);
    app.add_flag("--dry-run", dry_run_, "Only list the runs")->configurable(false);
  }

  void check_usage() const {
    for (const char* needed : {"--data", "--out"}) {
      if (app_[needed]->empty()) throw CLI::RequiredError(needed);
    }
    for (const char* set : {"--weighting", "--auxiliary"}) {
      if (options_.on_command_line.contains(set)) {
        throw CLI::ValidationError(std::string(set) + " is set by --configurations");
      }
    }
  }

  int run() const {
    options_.where.compute();  // here rather than in every run
    std::vector<dmf::GridRun> runs;
    std::vector<dmf::TrainOptions> each;
    const std::string config = dmf::config_text(app_, dmf::Paths::absolute);
    for (dmf::PlannedRun& run : dmf::plan_runs(config, plan_)) {
      const dmf::TrainOptions options = dmf::parse_config(run.config, run.configuration);
      dmf::refuse_contradictions(options);
      dmf::check_options(options);
      each.push_back(options);
      runs.emplace_back(out_, std::move(run));
    }
    for (const std::string& line : dmf::without_effect_in_any(options_.on_command_line, each)) {
      dmf::warn("warning: " + line);
    }
    const int cores = dmf::usable_cores();
    if (runner_.jobs > cores) {
      dmf::warn(fmt::format(
          "warning: --jobs {}, and this process may use {} core{}: the runs wait for each other",
          runner_.jobs, cores, cores == 1 ? "" : "s"));
    }
    fmt::print("{}\n", dmf::describe_recipe(app_));
    if (dry_run_) {
      for (const dmf::GridRun& run : runs) fmt::print("{}\n", run.label());
      return 0;
    }
    dmf::check_grid(runs);
    if (runner_.shard == 1) {  // one of them: two writers would be in each other's way
      dmf::make_folder(out_);
      dmf::write_file_atomically(std::filesystem::path(out_) / "grid.toml", config);
    }
    dmf::run_grid(out_, runs, runner_, runner_.part());
    const dmf::GridState state = dmf::state_of(runs);
    fmt::print("grid      {} of {} runs done, {} failed{}\n", state.done, runs.size(), state.failed,
               state.failed > 0 ? ": --retry-failed tries them again" : "");
    if (runner_.shards > 1) {
      fmt::print("when all parts are done: {} report {} --out {}\n", dmf::command_of("experiment"),
                 out_, (std::filesystem::path(out_) / "report").string());
    } else if (state.left == 0 && state.done > 0) {
      // The same command goes on with a grid: its report of before is not in the way.
      fmt::print("{}", dmf::write_grid_report(dmf::read_results({out_}),
                                              std::filesystem::path(out_) / "report", true));
    }
    return state.failed == 0 ? 0 : 1;
  }

 private:
  CLI::App& app_;
  dmf::TrainOptions options_;
  dmf::PlanOptions plan_;
  dmf::RunnerOptions runner_;
  std::string out_;
  bool dry_run_ = false;
};

}  // namespace

int dmf::experiment_program(const Call& call) {
  CLI::App app(
      "Trains a grid of configurations, each several times, and reports on it. A grid that was "
      "stopped goes on with the same command. Research software, not for diagnosis.",
      "experiment");
  GridCommand grid(app);
  dmf::add_processor_options(app);
  app.require_subcommand(0, 1);
  std::map<std::string, dmf::Action> actions;
  actions["crossval"] = dmf::add_crossval(app);
  actions["report"] = dmf::add_report(app);
  actions["paper"] = dmf::add_paper(app);
  actions["compare"] = dmf::add_compare(app);
  actions["audit"] = dmf::add_audit(app);
  actions["replay"] = dmf::add_replay(app);
  actions["duplicates"] = dmf::add_duplicates(app);
  app.final_callback([&] {
    if (app.get_subcommands().empty()) grid.check_usage();
  });
  return dmf::run_program(app, call, [&] {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? grid.run() : actions.at(chosen.front()->get_name())();
  });
}
