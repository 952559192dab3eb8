#include <fmt/format.h>

#include "apps/experiment/commands/commands.h"
#include "apps/experiment/crossval.h"
#include "apps/files/folders.h"
#include "apps/options/config_file.h"
#include "apps/options/recipes.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/training/step_cost.h"
#include "apps/training/trainer.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

/// `experiment crossval`: a model a fold, and their ensemble.
class CrossvalCommand {
 public:
  explicit CrossvalCommand(CLI::App& app) : app_(app) {
    bind_options(app, options_, kTrainRecipe);
    app.get_option("--folds")->default_val("5");
    app.get_option("--data")->required();
    add_runner_options(app, runner_);
    app.add_option("--out", out_, "Folder for the runs and their ensemble")
        ->check(not_empty())
        ->required()
        ->configurable(false);
    app.add_flag("--dry-run", dry_run_, "Only say what it would cost")->configurable(false);
  }

  int run() const {
    const Compute compute = options_.where.compute();
    check_options(options_);
    const bool one = options_.on_command_line.contains("--fold");
    const std::string config = config_text(app_, Paths::absolute);
    const auto planned = [&](int only) {
      std::vector<GridRun> runs;
      for (PlannedRun& run : plan_folds(config, only)) {
        runs.emplace_back(out_, std::move(run));
      }
      return runs;
    };
    const std::vector<GridRun> all = planned(0), wanted = planned(one ? options_.split.fold : 0);
    fmt::print("{}\n", describe_recipe(app_));
    say_cost(wanted);
    if (dry_run_) return 0;
    check_grid(all);
    if (runner_.shard == 1) {
      make_folder(out_);
      write_file_atomically(std::filesystem::path(out_) / "grid.toml", config);
    }
    // Folds beside each other are no matter: each process trains its own.
    run_grid(out_, wanted, runner_,
             one ? fmt::format("fold{}-{}", options_.split.fold, runner_.part()) : runner_.part());
    const GridState state = state_of(all);
    fmt::print("folds     {} of {} done, {} failed{}\n", state.done, all.size(), state.failed,
               state.failed > 0 ? ": --retry-failed tries them again" : "");
    if (state.done == all.size()) {
      fmt::print("\n{}\nensemble: {}\n", write_crossval(out_, all, compute),
                 (std::filesystem::path(out_) / "ensemble.safetensors").string());
    }
    return state.failed == 0 ? 0 : 1;
  }

 private:
  /// Of the runs that are left, at the pace of a step now.
  void say_cost(const std::vector<GridRun>& runs) const {
    const GridState state = state_of(runs);
    const std::size_t left = runs.size() - state.done;
    if (left == 0) return;
    const std::size_t images =
        find_dataset(options_.data.folder, options_.data.dataset).items.size();
    const SplitOptions& split = options_.split;
    const int learning =
        split.folds - 1 - (split.set_aside > 0 ? 1 : 0);  // folds, the validating one among them
    const double training =
        split.validation_share > 0 ? learning * (1.0 - split.validation_share) : learning - 1.0;
    const auto in_training =
        static_cast<std::int64_t>(static_cast<double>(images) * training / split.folds);
    fmt::print("cost      {} fold{} of about {} training images, each {}\n", left,
               left == 1 ? "" : "s", in_training,
               describe_cost(options_, in_training, seconds_per_step(options_)));
  }

  CLI::App& app_;
  TrainOptions options_;
  RunnerOptions runner_;
  std::string out_;
  bool dry_run_ = false;
};

}  // namespace

Action add_crossval(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "crossval",
      "Trains a model a fold, scores each image by the model that has not seen it, and makes the "
      "ensemble of all; goes on with the same command");
  const auto crossval = std::make_shared<CrossvalCommand>(command);
  add_processor_options(command);
  return [crossval] { return crossval->run(); };
}

}  // namespace dmf
