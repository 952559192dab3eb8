#include <doctest/doctest.h>

#include <CLI/CLI.hpp>

#include "apps/experiment/plan.h"
#include "apps/experiment/report/grid_tables.h"
#include "apps/files/csv.h"
#include "apps/report/run_curves.h"
#include "apps/training/parts.h"
#include "apps/training/run_lines.h"
#include "apps/training/trainer.h"
#include "apps/training/training_log.h"
#include "engine/core/check.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/train_command.h"

// Losses and weightings that are formulas, where a training has to do with them.

namespace dmf {

using doctest::Contains;

TEST_CASE("formulas: columns of the log have their names, by which the page finds them") {
  const Command command({"--losses", "0.5*focal + max(fp, fn)/(n+1), cce", "--auxiliary",
                         "2 * cb_dice", "--record-gradients"});
  const TrainOptions& options = command.options;
  const TemporaryFolder folder;
  TrainingLog log(folder.path(), options, {});
  log.step({}, {{1.0, 2.0, 3.0}, {0.25, 0.75, 5.0}, Gram(3)}, 16.75, 0.1);
  log.epoch({}, 1.0, 1.0, score(ConfusionMatrix(2), 0.0), 0.5);
  log.flush();
  const CsvTable steps = read_csv(folder / "steps.csv");
  CHECK(steps.number(0, "weight_0.5*focal+max(fp,fn)/(n+1)") == 0.25);
  CHECK(steps.number(0, "auxiliary_2*cb_dice") == 3.0);
  CHECK(make_fused_loss(options).names() == log.losses());
  Page page;
  CHECK_NOTHROW(add_run_curves(page, steps, read_csv(folder / "epochs.csv"), options));
  CHECK(page.html().find("0.5*focal+max(fp,fn)/(n+1)") != std::string::npos);
  // A run that goes on finds the same columns.
  TrainingProgress after;
  after.step = after.epoch = 1;
  CHECK_NOTHROW(TrainingLog(folder.path(), options, after));
}

TEST_CASE(
    "formulas: a loss that is not finite, or a rule's that does not fit, ends before data are read") {
  const auto check = [](const std::vector<std::string>& words) {
    check_options(Command(words).options);
  };
  CHECK_NOTHROW(check({"--losses", "cce,1-(2*tp+1)/(2*tp+fp+fn+1)"}));
  for (const char* option : {"--losses", "--auxiliary"}) {
    CHECK_THROWS_WITH_AS(
        check({option, "1-tp/(tp+fn)"}),
        Contains("[loss] '1-tp/(tp+fn)': its value is nan where a class is absent"), ValueError);
  }
  CHECK_THROWS_WITH_AS(check({"--weighting", "slope(window(500))"}),
                       Contains("the rule 'slope(window(500))' needs 500 values"), ValueError);
}

TEST_CASE("formulas: a window that the run does not fill is warned of") {
  TrainOptions options;
  options.fusion.weighting = "slope(window(90))";
  const auto warned = [&](const RuleNeeds& needs, std::int64_t steps) {
    const std::vector<std::string> lines = warnings_of_run(options, {0, needs, "", 1, steps});
    return lines.empty() ? std::string() : lines.front();
  };
  const std::string text =
      "warning: the run has 89 steps, so the slope(window(90)) rule never takes over: it waits for ";
  CHECK(warned({.least_history = 90}, 90).empty());
  CHECK(warned({.least_history = 90}, 89) == text + "90 values");
  CHECK(warned({.least_history = 91, .full_history = true}, 89) ==
        text + "91 values (--history-size)");
  options.fusion.history_size = 95;
  CHECK(warned({.least_history = 91, .full_history = true}, 89) ==
        text + "95 values (--history-size)");
}

TEST_CASE("formulas: a grid compares them with fixed weights and the same auxiliary loss") {
  Results results;
  results.repetitions = {"seed 1"};
  const auto add = [&](const std::string& weighting, const std::string& auxiliary, int hits) {
    RunResult run;
    run.options.fusion.weighting = weighting;
    run.options.auxiliary = auxiliary;
    run.configuration = configuration_name(run.options);
    for (const char* id : {"a", "b"}) {
      ImageScore image{id, ConfusionMatrix(2), {}};
      const std::vector<std::int32_t> truth(8, 1);
      std::vector<std::int32_t> found(8, 0);
      std::fill_n(found.begin(), hits, 1);
      image.confusion.add(truth, found);
      const std::vector<std::uint8_t> all(truth.begin(), truth.end()),
          some(found.begin(), found.end());
      image.surface = surface_distance(all, some, 2, 4);
      run.images.push_back(image);
    }
    run.board = make_scoreboard(run.images, {.resamples = 0});
    results.configurations.push_back(run.configuration);
    results.runs.emplace(std::pair(run.configuration, "seed 1"), run);
  };
  add("fixed", "none", 3);
  add("fixed", "max(fp,fn)+focal", 4);
  add("pow(loss,2)+weights", "none", 5);
  add("pow(loss,2)+weights", "max(fp,fn)+focal", 6);
  std::vector<std::string> compared;
  for (const Table& table : grid_tables(results, compare_over_images(results))) {
    if (table.name != "tests") continue;
    for (const auto& row : table.rows) compared.push_back(row[0] + " : " + row[1]);
  }
  CHECK(compared ==
        std::vector<std::string>{"pow(loss,2)+weights : fixed",
                                 "pow(loss,2)+weights+max(fp,fn)+focal : fixed+max(fp,fn)+focal"});
}

}  // namespace dmf
