#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <map>
#include <memory>
#include <regex>

#include "apps/data/leakage.h"
#include "apps/experiment/audit.h"
#include "apps/experiment/crossval.h"
#include "apps/experiment/report/grid_report.h"
#include "apps/experiment/report/paper.h"
#include "apps/experiment/report/run_comparison.h"
#include "apps/experiment/runner.h"
#include "apps/files/folders.h"
#include "apps/files/output_files.h"
#include "apps/options/config_file.h"
#include "apps/options/option_conflicts.h"
#include "apps/options/recipes.h"
#include "apps/report/embedded.h"
#include "apps/report/replay.h"
#include "apps/run/run_data.h"
#include "apps/run/run_folder.h"
#include "apps/support/console.h"
#include "apps/support/machine_limits.h"
#include "apps/support/option_set.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/training/step_cost.h"
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

void add_runner_options(CLI::App& app, dmf::RunnerOptions& runner) {
  const auto group = "Grid";
  dmf::add_value(app, group, "--jobs", runner.jobs,
                 "Runs at a time; the threads are divided among them")
      ->check(dmf::whole_number(1, 1024))
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

/// A training grid: what `experiment` does without a subcommand.
class GridCommand {
 public:
  explicit GridCommand(CLI::App& app) : app_(app) {
    bind_options(app, options_, dmf::kGridRecipe);
    for (const char* set : {"--weighting", "--auxiliary"}) {
      app.get_option(set)->configurable(false);  // by the configurations, run by run
    }
    add_grid_options(app, plan_);
    add_runner_options(app, runner_);
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
      fmt::print("when all parts are done: experiment report {} --out {}\n", out_,
                 (std::filesystem::path(out_) / "report").string());
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

/// `experiment crossval`: a model a fold, and their ensemble.
class CrossvalCommand {
 public:
  explicit CrossvalCommand(CLI::App& app) : app_(app) {
    bind_options(app, options_, dmf::kTrainRecipe);
    app.get_option("--folds")->default_val("5");
    app.get_option("--data")->required();
    add_runner_options(app, runner_);
    app.add_option("--out", out_, "Folder for the runs and their ensemble")
        ->check(dmf::not_empty())
        ->required()
        ->configurable(false);
    app.add_flag("--dry-run", dry_run_, "Only say what it would cost")->configurable(false);
  }

  int run() const {
    const dmf::Compute compute = options_.where.compute();
    dmf::check_options(options_);
    const bool one = options_.on_command_line.contains("--fold");
    const std::string config = dmf::config_text(app_, dmf::Paths::absolute);
    const auto planned = [&](int only) {
      std::vector<dmf::GridRun> runs;
      for (dmf::PlannedRun& run : dmf::plan_folds(config, only)) {
        runs.emplace_back(out_, std::move(run));
      }
      return runs;
    };
    const std::vector<dmf::GridRun> all = planned(0),
                                    wanted = planned(one ? options_.split.fold : 0);
    fmt::print("{}\n", dmf::describe_recipe(app_));
    say_cost(wanted);
    if (dry_run_) return 0;
    dmf::check_grid(all);
    if (runner_.shard == 1) {
      dmf::make_folder(out_);
      dmf::write_file_atomically(std::filesystem::path(out_) / "grid.toml", config);
    }
    // Folds beside each other are no matter: each process trains its own.
    dmf::run_grid(
        out_, wanted, runner_,
        one ? fmt::format("fold{}-{}", options_.split.fold, runner_.part()) : runner_.part());
    const dmf::GridState state = dmf::state_of(all);
    fmt::print("folds     {} of {} done, {} failed{}\n", state.done, all.size(), state.failed,
               state.failed > 0 ? ": --retry-failed tries them again" : "");
    if (state.done == all.size()) {
      fmt::print("\n{}\nensemble: {}\n", dmf::write_crossval(out_, all, compute),
                 (std::filesystem::path(out_) / "ensemble.safetensors").string());
    }
    return state.failed == 0 ? 0 : 1;
  }

 private:
  /// Of the runs that are left, at the pace of a step now.
  void say_cost(const std::vector<dmf::GridRun>& runs) const {
    const dmf::GridState state = dmf::state_of(runs);
    const std::size_t left = runs.size() - state.done;
    if (left == 0) return;
    const std::size_t images =
        dmf::find_dataset(options_.data.folder, options_.data.dataset).items.size();
    const dmf::SplitOptions& split = options_.split;
    const int learning =
        split.folds - 1 - (split.set_aside > 0 ? 1 : 0);  // folds, the validating one among them
    const double training =
        split.validation_share > 0 ? learning * (1.0 - split.validation_share) : learning - 1.0;
    const auto in_training =
        static_cast<std::int64_t>(static_cast<double>(images) * training / split.folds);
    fmt::print("cost      {} fold{} of about {} training images, each {}\n", left,
               left == 1 ? "" : "s", in_training,
               dmf::describe_cost(options_, in_training, dmf::seconds_per_step(options_)));
  }

  CLI::App& app_;
  dmf::TrainOptions options_;
  dmf::RunnerOptions runner_;
  std::string out_;
  bool dry_run_ = false;
};

/// A subcommand and what it does.
using Action = std::function<int()>;

std::shared_ptr<bool> add_overwrite(CLI::App& command) {
  auto overwrite = std::make_shared<bool>(false);
  command.add_flag("--overwrite", *overwrite,
                   "Replace what an earlier experiment wrote there, unless it was changed since");
  return overwrite;
}

Action add_crossval(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "crossval",
      "Trains a model a fold, scores each image by the model that has not seen it, and makes the "
      "ensemble of all; goes on with the same command");
  const auto crossval = std::make_shared<CrossvalCommand>(command);
  dmf::add_threads_option(command);
  return [crossval] { return crossval->run(); };
}

Action add_paper(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "paper",
      "What a paper of the runs in some folders begins with: LaTeX, figures and tidy tables");
  auto folders = std::make_shared<std::vector<std::string>>();
  auto out = std::make_shared<std::string>();
  command.add_option("folders", *folders, "Folders of runs, or above them")->required();
  command.add_option("--out", *out, "Folder to write to")->check(dmf::not_empty())->required();
  const auto overwrite = add_overwrite(command);
  return [folders, out, overwrite] {
    fmt::print("{}", dmf::write_paper(dmf::read_results(*folders), *out, *overwrite));
    return 0;
  };
}

Action add_report(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("report", "Tables, figures and a page of the runs in some folders");
  struct Wanted {
    std::vector<std::string> folders;
    std::string out;
    bool cost = false;
  };
  auto wanted = std::make_shared<Wanted>();
  command.add_option("folders", wanted->folders, "Folders of runs, or above them")->required();
  command.add_option("--out", wanted->out, "Folder to write to")
      ->check(dmf::not_empty())
      ->required();
  command.add_flag("--cost", wanted->cost,
                   "Measure what a step of each configuration takes here, and compare them in "
                   "equal time too");
  dmf::add_threads_option(command);
  const auto overwrite = add_overwrite(command);
  return [wanted, overwrite] {
    fmt::print("{}",
               dmf::write_grid_report(dmf::read_results(wanted->folders), wanted->out, *overwrite,
                                      wanted->cost ? dmf::seconds_per_step : dmf::StepCost()));
    return 0;
  };
}

Action add_compare(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "compare", "A page of two runs side by side: options, scores and images that differ");
  struct Wanted {
    std::string a, b, out;
  };
  auto wanted = std::make_shared<Wanted>();
  command.add_option("run_a", wanted->a, "A run's folder")->required();
  command.add_option("run_b", wanted->b, "Another's")->required();
  command.add_option("--out", wanted->out, "Page to write")->check(dmf::not_empty())->required();
  const auto overwrite = add_overwrite(command);
  return [wanted, overwrite] {
    dmf::OutputFiles outputs({"experiment", *overwrite, "--out", {}});
    outputs.plan(wanted->out);
    outputs.begin();
    dmf::RunComparison compared =
        dmf::compare_runs(dmf::read_run(wanted->a), dmf::read_run(wanted->b), wanted->out);
    outputs.write(wanted->out, std::move(compared.page));
    fmt::print("{}\npage      {}\n", compared.sentence, wanted->out);
    return 0;
  };
}

Action add_audit(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "audit", "Which rows of a table of published scores are impossible, and what they imply");
  auto table = std::make_shared<std::string>();
  command.add_option("table", *table,
                     "CSV with columns dice and iou, and precision, recall, f1, cb_dice and "
                     "lesion_share if known; without, the three tables of the paper (arXiv "
                     "2410.19745)");
  return [table] {
    const dmf::CsvTable rows =
        table->empty() ? dmf::parse_csv(dmf::embedded::kPaperTables, "the paper's tables")
                       : dmf::read_csv(*table);
    fmt::print("{}", dmf::audit_text(dmf::audit(rows)));
    return 0;
  };
}

Action add_replay(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "replay", "The weights that a rule would have given on the losses of a run");
  struct Wanted {
    std::string steps, out, plot;
    bool all = false;
    dmf::ObjectiveOptions options;
  };
  auto wanted = std::make_shared<Wanted>();
  command.add_option("steps", wanted->steps, "A run's steps.csv")->required();
  command.add_option("--out", wanted->out, "CSV to write the weights to")->required();
  command.add_option("--plot", wanted->plot, "Page to draw them on");
  dmf::add_value(command, "Options", "--seed", wanted->options.fusion.seed, "Of rules that draw");
  const auto overwrite = add_overwrite(command);
  dmf::OptionSet set(command);
  wanted->options.bind_fusion(set);
  command.add_flag("--all", wanted->all, "Every rule that losses alone can be replayed for")
      ->excludes(command.get_option("--weighting"));
  return [=] {
    dmf::OutputFiles outputs({"experiment", *overwrite, "--out or --plot", {wanted->steps}});
    outputs.plan(wanted->out);
    if (!wanted->plot.empty()) outputs.plan(wanted->plot);
    outputs.begin();
    const dmf::CsvTable table = dmf::read_csv(wanted->steps);
    const dmf::FusionSpec& spec = wanted->options.fusion;
    dmf::ReplayOfAll replays;
    if (wanted->all) {
      replays = dmf::replay_all(table, spec);
    } else {
      replays.rules.push_back(dmf::replay(table, spec));
    }
    outputs.write(wanted->out, wanted->all ? replays.csv() : replays.rules.front().csv());
    if (!wanted->plot.empty()) {
      outputs.write(wanted->plot, dmf::replay_html(replays.rules, replays.left_out));
    }
    const dmf::Replay& first = replays.rules.front();
    fmt::print("{} steps of {} losses under {}: {}\n", first.steps.size(), first.losses.size(),
               wanted->all ? fmt::format("{} rules", replays.rules.size()) : spec.weighting,
               wanted->out);
    for (const std::string& rule : replays.left_out) fmt::print("left out  {}\n", rule);
    return 0;
  };
}

Action add_duplicates(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "duplicates", "Near-duplicate images of a data set, and those whose classes differ");
  auto options = std::make_shared<dmf::TrainOptions>();
  auto csv = std::make_shared<std::string>();
  dmf::OptionSet set(command);
  dmf::bind_data_options(set, *options);
  command.get_option("--data")->required();
  command.add_option("--csv", *csv, "Write the groups to this file too");
  const auto overwrite = add_overwrite(command);
  return [options, csv, overwrite] {
    dmf::OutputFiles outputs({"experiment", *overwrite, "--csv", {}});
    if (!csv->empty()) outputs.plan(*csv);
    outputs.begin();
    const dmf::LeakageReport report =
        dmf::find_leakage(dmf::load_samples(*options), options->split.duplicate_threshold);
    fmt::print("{}", report.text);
    if (!csv->empty()) outputs.write(*csv, report.csv);
    return 0;
  };
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Trains a grid of configurations, each several times, and reports on it. A grid that was "
      "stopped goes on with the same command. Research software, not for diagnosis.",
      "experiment");
  GridCommand grid(app);
  dmf::add_threads_option(app);
  app.require_subcommand(0, 1);
  std::map<std::string, Action> actions;
  actions["crossval"] = add_crossval(app);
  actions["report"] = add_report(app);
  actions["paper"] = add_paper(app);
  actions["compare"] = add_compare(app);
  actions["audit"] = add_audit(app);
  actions["replay"] = add_replay(app);
  actions["duplicates"] = add_duplicates(app);
  app.final_callback([&] {
    if (app.get_subcommands().empty()) grid.check_usage();
  });
  return dmf::run_program(app, argc, argv, [&] {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? grid.run() : actions.at(chosen.front()->get_name())();
  });
}
