#include <doctest/doctest.h>

#include "apps/experiment/plan.h"
#include "apps/experiment/report/cost_table.h"
#include "apps/experiment/report/grid_matrix.h"
#include "apps/experiment/report/grid_tables.h"
#include "apps/experiment/report/grid_verdict.h"
#include "apps/experiment/report/tidy.h"
#include "apps/experiment/report/validation_choice.h"
#include "apps/files/csv.h"
#include "apps/page/interval_plot.h"
#include "apps/page/multiples.h"
#include "tests/support/has.h"
#include "tests/support/temporary_folder.h"

// What a grid's report says of runs whose every count is known.

namespace dmf {
namespace {

using doctest::Approx;

/// An image of 100 pixels, 10 of them lesion, of which `hits` are found and nothing else.
ImageScore image_of(const std::string& id, int hits) {
  ImageScore image{id, ConfusionMatrix(2), {}};
  image.confusion.add_count(1, 1, hits);
  image.confusion.add_count(1, 0, 10 - hits);
  image.confusion.add_count(0, 0, 90);
  return image;
}

struct KnownGrid {
  TemporaryFolder folder;
  Results results;

  /// steps  what its steps.csv holds
  void add(const std::string& weighting, const std::string& auxiliary, int seed,
           const std::vector<int>& hits, const std::string& steps = "step\n0\n",
           const std::string& more = "") {
    RunResult run;
    run.options.fusion.weighting = weighting;
    run.options.auxiliary = auxiliary;
    run.options.seed = static_cast<std::uint64_t>(seed);
    run.configuration = configuration_name(run.options) + more;
    run.repetition = fmt::format("seed {}", seed);
    run.from.data_set = "BUSI, 9 images";
    run.folder = folder / "grid" / run.configuration / fmt::format("r{}", seed);
    std::filesystem::create_directories(run.folder);
    write_text(run.folder / "steps.csv", steps);
    for (std::size_t k = 0; k < hits.size(); ++k) {
      run.images.push_back(image_of(fmt::format("{}/{}", seed, k), hits[k]));
    }
    run.board = make_scoreboard(run.images, {.resamples = 0});
    const auto note = [](std::vector<std::string>& names, const std::string& name) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    note(results.configurations, run.configuration);
    note(results.repetitions, run.repetition);
    results.runs.emplace(std::pair(run.configuration, run.repetition), run);
  }
  /// How a run fared on validation, epoch by epoch: CB-Dice and lesion Dice per image.
  void add_epochs(const std::string& configuration, int seed,
                  const std::vector<std::pair<double, double>>& epochs) {
    RunResult& run = results.runs.at({configuration, fmt::format("seed {}", seed)});
    std::string text = "epoch,validation_cb_dice,validation_lesion_dice_per_image\n";
    for (std::size_t k = 0; k < epochs.size(); ++k) {
      text += fmt::format("{},{},{}\n", k + 1, epochs[k].first, epochs[k].second);
    }
    write_text(run.folder / "epochs.csv", text);
  }
  std::string verdict() const { return dmf::verdict(results, compare_over_images(results)); }
};

}  // namespace

TEST_CASE("statistics: the interval of a mean, differences and p as they are printed") {
  const Estimate same = mean_with_interval(std::vector<double>{0.25, 0.25, 0.25});
  CHECK(same.value == 0.25);
  CHECK(same.low == 0.25);
  CHECK(same.high == 0.25);
  // Of two values the mean of a draw is one, the other or the middle: 1/4, 1/4, 1/2.
  const Estimate two = mean_with_interval(std::vector<double>{0.0, 1.0});
  CHECK(two.value == 0.5);
  CHECK(two.low == 0.0);
  CHECK(two.high == 1.0);
  CHECK(mean_with_interval({}).value == 0.0);
  CHECK(difference_text({0.0124, -0.0031, 0.02}) == "+0.012 (-0.003 to +0.020)");
  CHECK(difference_text({-0.0004, -0.0006, 0.0}) == "0.000 (-0.001 to 0.000)");
  CHECK(p_text(0.0004) == "< 0.001");
  CHECK(p_text(0.0126) == "0.013");
  CHECK(p_text(0.244) == "0.24");
  CHECK(p_text(1.0) == "1.00");
}

TEST_CASE_FIXTURE(KnownGrid, "grid: the matrix of rules and auxiliary losses, with differences") {
  add("fixed", "none", 1, {1, 2, 3});
  add("fixed", "none", 2, {3, 4, 5});
  add("fixed", "focal", 1, {5, 5, 5});
  add("mad", "none", 1, {2, 3, 4});
  add("mad", "none", 2, {4, 5, 6});
  const std::vector<Comparison> comparisons = compare_over_images(results);
  REQUIRE(comparisons.size() == 1);
  CHECK(comparisons[0].baseline == "fixed");
  CHECK(comparisons[0].differences.size() == 6);
  CHECK(comparisons[0].direction() == "higher");
  const GridMatrix matrix = make_matrix(results, comparisons);
  CHECK(matrix.rows == std::vector<std::string>{"fixed", "mad"});
  CHECK(matrix.columns == std::vector<std::string>{"none", "focal"});
  CHECK(matrix.cells[1][1].configuration.empty());
  const CsvTable csv = parse_csv(matrix.table().csv(), "matrix.csv");
  REQUIRE(csv.rows.size() == 3);
  CHECK(csv.text(2, "configuration") == "mad");
  CHECK(csv.number(2, "runs") == 2);
  CHECK(csv.number(2, "difference") == Approx(comparisons[0].mean.value));
  CHECK(csv.number(2, "n") == 6);
  CHECK(csv.text(1, "deviation").empty());  // of a single run
  const std::string page = matrix.html();
  CHECK(has(page, "<th scope=\"col\">no auxiliary</th>"));
  CHECK(has(page, "one run"));
  CHECK(has(page, "<svg class=\"dots\""));
  // Hits 2, 3, 4 of 10, and 4, 5, 6: 2 tp / (tp + 10).
  const double mean = (4.0 / 12 + 6.0 / 13 + 8.0 / 14) / 3,
               other = (8.0 / 14 + 10.0 / 15 + 12.0 / 16) / 3;
  CHECK(has(page, fmt::format("{:.3f}, {:.3f}", mean, other)));

  // Configurations that differ in more than rule and auxiliary loss have a row each.
  add("fixed", "none", 1, {1, 1, 1}, "step\n0\n", ",lr=0.1");
  const GridMatrix list = make_matrix(results, compare_over_images(results));
  CHECK(list.columns.size() == 1);
  CHECK(list.rows.back() == "fixed,lr=0.1");
}

TEST_CASE_FIXTURE(KnownGrid, "grid: one sentence says what was found, or that nothing can be") {
  add("fixed", "none", 1, {1, 2, 3, 4});
  CHECK(has(verdict(), "fixed has a lesion Dice of 0.387 per image, with nothing to compare"));
  add("mad", "none", 1, {2, 3, 4, 5});
  CHECK(verdict() ==
        "4 test images are too few to tell rules apart: no test can find anything below 6.");
  add("fixed", "none", 2, {1, 2, 3, 4});
  add("mad", "none", 2, {2, 3, 4, 5});
  const std::string found = verdict();
  CHECK(has(found, "mad exceeds fixed by 0.1"));
  CHECK(has(found, "Holm p 0.008), of 1 comparison."));
  CHECK(
      has(found, "2 repetitions are too few to say whether another training would give the same."));
  CHECK(has(found, "another Dice moves by 0.000, from one rule to another by 0.1"));
  add("fixed", "none", 3, {5, 2, 3, 4});
  add("mad", "none", 3, {5, 2, 3, 4});
  CHECK_FALSE(has(verdict(), "too few"));
  results.runs.clear();
  results.configurations.clear();
  add("fixed", "none", 1, {1, 2, 3, 4, 5, 6, 7});
  add("mad", "none", 1, {1, 2, 3, 4, 5, 7, 7});
  CHECK(
      has(verdict(),
          "No rule differs from fixed weights after correction (1 comparison, smallest p 1.00)."));
  add("bayesian", "none", 1, {0, 1, 2, 3, 4, 5, 6});
  CHECK(has(verdict(), "bayesian falls short of fixed by 0."));
}

TEST_CASE_FIXTURE(KnownGrid, "grid: changed options are compared with what is without them") {
  add("fixed", "none", 1, {1, 2, 3, 4, 5, 6, 7});
  add("fixed", "none", 1, {2, 3, 4, 5, 6, 7, 8}, "step\n0\n", ",ema=0");
  add("mad", "none", 1, {0, 1, 2, 3, 4, 5, 6});
  add("mad", "none", 1, {1, 2, 3, 4, 5, 6, 7}, "step\n0\n", ",ema=0");
  add("bayesian", "none", 1, {1, 2, 3, 4, 5, 6, 7}, "step\n0\n", ",lr=1");  // of no kin
  const std::vector<Comparison> all = compare_over_images(results);
  REQUIRE(all.size() == 3);
  const auto is = [&](std::size_t k, const char* name, const char* baseline, bool of_rules) {
    CHECK(all[k].configuration == name);
    CHECK(all[k].baseline == baseline);
    CHECK(all[k].of_rules == of_rules);
  };
  is(0, "mad", "fixed", true);
  is(1, "mad,ema=0", "fixed,ema=0", true);
  is(2, "fixed,ema=0", "fixed", false);
  CHECK(all[2].direction() == "higher");
  // Two tests of rules are corrected for two, the one of an option for none.
  CHECK(all[0].p_holm == Approx(2 * all[0].test.p));
  CHECK(all[2].p_holm == all[2].test.p);
  CHECK(has(verdict(), "mad falls short of fixed by 0."));
  CHECK(has(verdict(), ", of 2 comparisons."));
  CHECK(has(verdict(), "fixed,ema=0 exceeds fixed by 0."));
  const std::string few = "1 repetition is too few to say";  // of all, and once
  CHECK(has(verdict(), few));
  CHECK(verdict().find(few) == verdict().rfind(few));
  CHECK(has(verdict(), ", of 1 comparison."));
}

TEST_CASE_FIXTURE(KnownGrid,
                  "grid: fixed weights are tuned on validation, whatever the test images say") {
  const auto set = [&](const std::string& name, const std::string& key, const std::string& value) {
    results.runs.at({name, "seed 1"}).settings[key] = value;
  };
  add("fixed", "none", 1, {9, 9, 9, 9, 9, 9});
  add_epochs("fixed", 1, {{0.5, 0.4}, {0.7, 0.5}, {0.6, 0.9}});  // keeps its second epoch
  CHECK_FALSE(tuned_weights(results).has_value());               // of one there is no choice
  CHECK(tuned_tests(results).rows.empty());
  add("fixed", "none", 1, {5, 5, 5, 5, 5, 5}, "step\n0\n", ",initial-weights=1,2");
  set("fixed,initial-weights=1,2", "initial-weights", "[1, 2]");
  add_epochs("fixed,initial-weights=1,2", 1, {{0.5, 0.6}, {0.4, 0.1}});
  add("fixed", "none", 1, {9, 9, 9, 9, 9, 9}, "step\n0\n", ",lr=1");  // another training
  set("fixed,lr=1", "lr", "1");
  add_epochs("fixed,lr=1", 1, {{0.9, 0.9}});
  add("fixed", "focal", 1, {9, 9, 9, 9, 9, 9});  // another objective
  add("mad", "none", 1, {6, 6, 6, 6, 6, 7});
  add("mad", "focal", 1, {9, 9, 9, 9, 9, 9});
  CHECK(ValidationCourse(*results.find("fixed", "seed 1")).dice(3) == 0.5);
  CHECK(ValidationCourse(*results.find("fixed", "seed 1")).dice(1) == 0.4);
  CHECK(ValidationCourse(*results.find("fixed", "seed 1")).dice(99) == 0.5);
  const auto tuned = tuned_weights(results);
  REQUIRE(tuned.has_value());
  CHECK(tuned->configuration == "fixed,initial-weights=1,2");
  CHECK(tuned->tried == 2);
  const Table table = tuned_tests(results);
  REQUIRE(table.rows.size() == 1);
  CHECK(table.rows[0][0] == "mad");
  CHECK(table.rows[0][1] == "fixed,initial-weights=1,2");
  CHECK(table.rows[0][4] == "higher");
  CHECK(has(table.note, "Of 2 fixed weightings"));
  write_text(results.find("fixed", "seed 1")->folder / "epochs.csv", "epoch\n");
  CHECK_THROWS_WITH_AS(tuned_weights(results), doctest::Contains("no epoch is in it"), IoError);
}

TEST_CASE_FIXTURE(KnownGrid, "grid: what a rule costs, and what it has reached in equal time") {
  const StepCost cost = [calls = 0](const TrainOptions& options) mutable {
    const double seconds = options.fusion.weighting == "fixed" ? 0.1 : 0.15;
    return ++calls <= 2 ? 10.0 : seconds;  // the first round was disturbed
  };
  add("mad", "none", 1, {6, 6});
  CHECK(cost_table(results, cost).rows.empty());
  results.configurations = {"fixed", "mad"};
  add("fixed", "none", 1, {9, 9});
  add_epochs("fixed", 1, {{0.5, 0.4}, {0.6, 0.5}, {0.7, 0.6}, {0.8, 0.7}});
  add_epochs("mad", 1, {{0.5, 0.45}, {0.6, 0.55}, {0.7, 0.65}, {0.8, 0.75}});
  const CsvTable table = parse_csv(cost_table(results, cost).csv(), "cost.csv");
  REQUIRE(table.rows.size() == 2);
  CHECK(table.number(0, "times_fixed") == 1.0);
  CHECK(table.number(0, "equal_dice") == 0.7);
  CHECK(table.number(1, "step_seconds") == 0.15);
  CHECK(table.number(1, "times_fixed") == Approx(1.5));
  CHECK(table.number(1, "dice") == 0.75);
  CHECK(table.number(1, "equal_epochs") == 2);  // 4 / 1.5 have ended
  CHECK(table.number(1, "equal_dice") == 0.55);
}

TEST_CASE_FIXTURE(KnownGrid,
                  "grid: runs that are the same under two names are said before all numbers") {
  add("fixed", "none", 1, {1, 2}, "step,cce,weight_cce\n0,0.5,1\n");
  add("mad", "none", 1, {1, 2}, "step,cce,weight_cce\n0,0.5,1\n");
  add("random", "none", 1, {1, 2}, "step,cce,weight_cce\n0,0.4,1\n");
  add("variance", "none", 1, {1, 3}, "step,cce,weight_cce\n0,0.5,1\n");
  add("variance", "none", 2, {1, 3});
  results.failed.emplace_back("x", "why");
  const std::vector<std::string> lines = cautions(results);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "mad is identical to fixed to the last bit: the rule never acted.");
  CHECK(
      lines[1] ==
      "random and fixed were trained differently and predict the same in all 2 test images: see whether either "
      "finds a lesion at all.");
  CHECK(lines[2] ==
        "Not every configuration has all 2 repetitions: fixed (1), mad (1), random (1).");
  CHECK(lines[3] == "1 run failed or did not finish: no number has them.");
  CHECK(has(verdict(), "2 test images are too few"));
  CHECK(grid_name(results) == "grid: BUSI, 9 images");
}

TEST_CASE_FIXTURE(KnownGrid,
                  "grid: tidy tables hold one number a cell; few images have no deviation") {
  add("fixed", "none", 1, {1, 2, 3});
  add("fixed", "none", 2, {4, 5, 6});
  const CsvTable runs = parse_csv(runs_csv(results), "runs.csv");
  bool seen = false;
  for (std::size_t row = 0; row < runs.rows.size(); ++row) {
    CHECK(runs.number(row, "low") <= runs.number(row, "value"));
    CHECK(runs.number(row, "value") <= runs.number(row, "high"));
    if (runs.text(row, "aggregation") == "per_image" && runs.text(row, "metric") == "dice" &&
        runs.text(row, "classes") == "lesion" && runs.text(row, "seed") == "2") {
      CHECK(runs.number(row, "value") == Approx((8.0 / 14 + 10.0 / 15 + 12.0 / 16) / 3));
      CHECK(runs.number(row, "low") < runs.number(row, "high"));
      seen = true;
    }
  }
  CHECK(seen);
  const CsvTable images = parse_csv(images_csv(results), "images.csv");
  REQUIRE(images.rows.size() == 6);
  CHECK(images.columns[0] == "configuration");
  CHECK(images.text(5, "repetition") == "seed 2");
  CHECK(images.number(5, "count_1_1") == 6);
  bool sized = false;
  for (const Table& table : grid_tables(results, compare_over_images(results))) {
    const CsvTable csv = parse_csv(table.csv(), table.name);
    for (const auto& row : csv.rows) {
      for (const std::string& cell : row) CHECK_MESSAGE(!has(cell, "±"), table.name);
    }
    if (table.name != "sizes") continue;
    sized = true;
    CHECK(table.columns ==
          std::vector<std::string>{"configuration", "runs", "Dice, above 10 % (n 3)"});
    CHECK(table.rows[0][2] == "0.49");
  }
  CHECK(sized);
}

TEST_CASE("page: links, small multiples that share their grey lines, intervals") {
  CHECK(url_of("../a b/r+1/x%,ü.html") == "../a%20b/r%2B1/x%25%2C%C3%BC.html");
  const std::string cell = html({.caption = "",
                                 .columns = {"a", "b"},
                                 .rows = {{"x", "1\n2\n3"}},
                                 .links = {{"", "to\"x"}},
                                 .drawings = {{"", "<svg></svg>"}}});
  CHECK(
      has(cell, "<td><a href=\"to&quot;x\">1</a><svg></svg><small>2</small><small>3</small></td>"));
  CHECK(has(contact_sheet_html({{"data:,", "a+b"}}), "a+<wbr>b</figcaption>"));

  Multiples multiples{.title = "Loss a b",
                      .x = "step",
                      .y = "loss",
                      .panels = {{"p", {{"p", {0, 1}, {0, 1}}}}, {"q", {{"q", {0, 2}, {0, 3}}}}},
                      .others_behind = true};
  const std::string page = multiples_html(multiples);
  CHECK(has(page, "<defs><g id=\"behind-Loss-a-b\" class=\"behind\"><path d=\"M"));
  std::size_t uses = 0;
  for (std::size_t at = page.find("<use href=\"#behind-Loss-a-b\"/>"); at != std::string::npos;
       at = page.find("<use", at + 1))
    ++uses;
  CHECK(uses == 2);
  CHECK(has(multiples_file(multiples, 400), "<svg xmlns="));
  // All on one axis: where x is 1 in the panel that ends there, the other's is at its middle.
  CHECK(has(page, "\"from\":0.0,\"to\":2.0"));
  CHECK_FALSE(has(page, "\"to\":1.0"));
  multiples.panels.pop_back();
  CHECK_FALSE(has(multiples_html(multiples), "<use"));  // nothing but itself

  const IntervalPlot plot{
      "t", "difference", {{"a<b", 0.5, 0.0, 1.0, "n 3", true}, {"c", -0.5, -1.0, 0.0, "n 4"}}, 216};
  const std::string rows = interval_plot_html(plot);
  CHECK(has(rows, "a&lt;b</text>"));
  CHECK(has(rows, "a&lt;b: +0.500, +0.000 to +1.000, n 3."));
  CHECK(has(rows, "class=\"s0 f0\""));
  CHECK(has(rows, "class=\"s0 hollow\""));
  CHECK(has(interval_plot_file(plot), "<style>"));
}

}  // namespace dmf
