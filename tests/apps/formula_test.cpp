#include <doctest/doctest.h>

#include <CLI/CLI.hpp>

#include "apps/files/csv.h"
#include "apps/report/run_curves.h"
#include "apps/training/parts.h"
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
  CHECK_NOTHROW(add_run_curves(page, folder.path(), options));
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

}  // namespace dmf
