#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "apps/experiment/audit.h"
#include "apps/experiment/plan.h"
#include "apps/experiment/report/grid_tables.h"
#include "apps/experiment/runner.h"
#include "apps/experiment/statistics.h"
#include "apps/options/config_file.h"
#include "apps/report/embedded.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

/// The share of all sign patterns whose sum of ranks is at least as far from its mean.
double enumerated_p(const std::vector<double>& differences) {
  const std::size_t n = differences.size();
  std::vector<double> ranks;
  for (const double d : differences) {
    double below = 0.0, equal = 0.0;
    for (const double other : differences) {
      below += std::abs(other) < std::abs(d) ? 1.0 : 0.0;
      equal += std::abs(other) == std::abs(d) ? 1.0 : 0.0;
    }
    ranks.push_back(below + (equal + 1.0) / 2.0);
  }
  const auto sum_of = [&](auto&& is_positive) {
    double sum = 0.0;
    for (std::size_t k = 0; k < n; ++k) sum += is_positive(k) ? ranks[k] : 0.0;
    return sum;
  };
  const double observed = sum_of([&](std::size_t k) { return differences[k] > 0.0; });
  double lower = 0.0, upper = 0.0;
  for (std::size_t pattern = 0; pattern < std::size_t{1} << n; ++pattern) {
    const double sum = sum_of([&](std::size_t k) { return (pattern >> k & 1u) != 0; });
    lower += sum <= observed ? 1.0 : 0.0;
    upper += sum >= observed ? 1.0 : 0.0;
  }
  return std::min(1.0, 2.0 * std::min(lower, upper) / std::ldexp(1.0, static_cast<int>(n)));
}

CsvTable scores(const std::string& rows) {
  return parse_csv("name,dice,iou,precision,recall,f1,cb_dice,lesion_share\n" + rows, "t");
}

std::string grid_config(const std::string& more = "") {
  return "data=\"d\"\nepochs=3\nseed=5\nconfigurations=[\"x\"]\n" + more;
}

}  // namespace

TEST_CASE("signed-rank test: published examples") {
  // Hollander & Wolfe, depression scores (R's wilcox.test: V = 40, p = 0.03906).
  const std::vector<double> before = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30},
                            after = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
  std::vector<double> d;
  for (std::size_t k = 0; k < before.size(); ++k) d.push_back(before[k] - after[k]);
  const SignedRankTest depression = signed_rank_test(d);
  CHECK(depression.positive == 40.0);
  CHECK(depression.p == Approx(0.0390625).epsilon(1e-12));
  CHECK(depression.effect == Approx((40.0 - 5.0) / 45.0));
  // Darwin's maize (SciPy's wilcoxon: statistic 24, p = 0.041259765625).
  const std::vector<double> maize = {6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75};
  const SignedRankTest darwin = signed_rank_test(maize);
  CHECK(darwin.negative == 24.0);
  CHECK(darwin.p == Approx(0.041259765625).epsilon(1e-12));
  CHECK(darwin.exact);
}

TEST_CASE("signed-rank test: exact with ties and zeros, as counted over all patterns") {
  Rng rng(11);
  for (int trial = 0; trial < 30; ++trial) {
    std::vector<double> all, nonzero;
    for (int k = 0; k < 10; ++k) {
      all.push_back(static_cast<double>(rng.below(9)) - 3.0);  // many ties, some zeros
      if (all.back() != 0.0) nonzero.push_back(all.back());
    }
    const SignedRankTest test = signed_rank_test(all);
    CHECK(test.pairs == nonzero.size());
    CHECK(test.p == Approx(enumerated_p(nonzero)).epsilon(1e-12));
  }
  CHECK(signed_rank_test(std::vector<double>{0.0, 0.0}).p == 1.0);
  CHECK(signed_rank_test({}).effect == 0.0);
}

TEST_CASE("signed-rank test: fifty pairs exactly, more by the normal approximation, close by") {
  Rng rng(3);
  std::vector<double> d;
  for (int k = 0; k < 50; ++k) d.push_back(rng.normal() + 0.3);
  const SignedRankTest exact = signed_rank_test(d);
  CHECK(exact.exact);
  d.push_back(0.001);  // rank 1: changes next to nothing
  const SignedRankTest normal = signed_rank_test(d);
  CHECK_FALSE(normal.exact);
  CHECK(normal.p == Approx(exact.p).epsilon(0.15));
  // By hand, with ties: 60 differences, 40 of +1 and 20 of -1: all share rank 30.5.
  std::vector<double> tied(60, 1.0);
  for (std::size_t k = 0; k < 20; ++k) tied[k] = -1.0;
  const double variance = 60.0 * 61 * 121 / 24 - (60.0 * 60 * 60 - 60) / 48;
  const double z = (40 * 30.5 - 60.0 * 61 / 4) / std::sqrt(variance);
  CHECK(signed_rank_test(tied).p == Approx(std::erfc(z / std::sqrt(2.0))).epsilon(1e-12));
}

TEST_CASE("holm: step by step; mean and deviation by hand") {
  // R's p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm"): 0.03 0.06 0.06 0.02.
  const std::vector<double> adjusted = holm_adjusted({0.01, 0.04, 0.03, 0.005});
  const std::vector<double> expected = {0.03, 0.06, 0.06, 0.02};
  for (std::size_t k = 0; k < 4; ++k) CHECK(adjusted[k] == Approx(expected[k]).epsilon(1e-12));
  CHECK(holm_adjusted({0.9, 0.8}) == std::vector<double>{1.0, 1.0});
  CHECK(holm_adjusted({}).empty());
  const MeanDeviation m = mean_deviation(std::vector<double>{1, 2, 3, 4});
  CHECK(m.mean == 2.5);
  CHECK(m.deviation == Approx(std::sqrt(5.0 / 3.0)));
  CHECK(mean_deviation(std::vector<double>{7}).deviation == 0.0);
}

TEST_CASE("plan: the paper's grid with its controls; the same seed for a repetition everywhere") {
  PlanOptions plan;
  CHECK(plan.configurations.size() == 20);
  plan.repeats = 3;
  const std::vector<PlannedRun> runs = plan_runs(grid_config(), plan);
  REQUIRE(runs.size() == 60);
  std::set<std::pair<std::string, int>> distinct;
  for (const PlannedRun& run : runs) {
    const TrainOptions o = parse_config(run.config, "r");
    CHECK(configuration_name(o) == run.configuration);
    CHECK(o.seed == 4u + static_cast<unsigned>(run.repetition));
    CHECK(o.epochs == 3);
    distinct.emplace(run.configuration, run.repetition);
  }
  CHECK(distinct.size() == 60);
  CHECK(runs[0].repetition == runs[19].repetition);  // one repetition after the other

  plan.configurations = {"variance+cb_dice", "fixed"};
  plan.vary = {"lr=0.1 0.01", "losses=cce,focal mean_dice"};
  plan.repeats = 1;
  const std::vector<PlannedRun> varied = plan_runs(grid_config(), plan);
  REQUIRE(varied.size() == 8);
  CHECK(varied[0].configuration == "variance+cb_dice,lr=0.1,losses=cce,focal");
  CHECK(parse_config(varied[1].config, "r").losses == std::vector<std::string>{"mean_dice"});
  CHECK(parse_config(varied[2].config, "r").lr == 0.01);

  plan = {{"variance+cb_dice", "fixed"}, {}, 1, {"lr=0.1", " batch = 2 ;augment=flips, gamma "}};
  const std::vector<PlannedRun> ablated = plan_runs(grid_config(), plan);
  REQUIRE(ablated.size() == 4);
  CHECK(ablated[2].configuration == "variance+cb_dice,lr=0.1");
  CHECK(parse_config(ablated[2].config, "r").lr == 0.1);
  CHECK(ablated[3].configuration == "variance+cb_dice,batch=2,augment=flips, gamma");
  CHECK(parse_config(ablated[3].config, "r").augment.find("), gamma(") != std::string::npos);
  CHECK(parse_config(ablated[3].config, "r").batch == 2);

  // Cross-validation: fold after fold, then over again with another partition.
  plan = {{"fixed"}, {}, 7};
  const std::vector<PlannedRun> folds = plan_runs(grid_config("folds=5\n"), plan);
  CHECK(parse_config(folds[4].config, "r").split.fold == 5);
  CHECK(parse_config(folds[4].config, "r").split.seed == 5);
  CHECK(parse_config(folds[5].config, "r").split.fold == 1);
  CHECK(parse_config(folds[5].config, "r").split.seed == 6);
}

TEST_CASE("plan: a configuration may be a formula, whose plus is its own") {
  const auto planned = [](const std::string& text) {
    const TrainOptions o = parse_config(plan_runs(grid_config(), {{text}, {}, 1})[0].config, "r");
    return std::pair(o.fusion.weighting, o.auxiliary);
  };
  using Pair = std::pair<std::string, std::string>;
  CHECK(planned("1/loss") == Pair("1/loss", "none"));
  CHECK(planned("weights+1/loss") == Pair("weights+1/loss", "none"));
  CHECK(planned("weights+1/loss+tversky") == Pair("weights+1/loss", "tversky"));
  CHECK(planned("normalise(loss+1)+2*focal+cce") == Pair("normalise(loss+1)", "2*focal+cce"));
  CHECK(planned("variance+0.5*focal+cce") == Pair("variance", "0.5*focal+cce"));
  CHECK_THROWS_WITH_AS(planned("slope(loss)+cce"), Contains("expected a series"), Error);

  // Folders have names that no shell takes apart, each its own, as long as names can be.
  const auto folder = [](const std::string& text) {
    return GridRun("g", plan_runs(grid_config(), {{text}, {"lr=0.1"}, 1})[0]).folder().string();
  };
  CHECK(folder("variance+2*focal").starts_with("g/variance+2_focal,lr=0.1_"));
  CHECK(folder("variance+tversky") == "g/variance+tversky,lr=0.1/r1");
  CHECK(folder("mean(window(3))*weights").find_first_of("()*") == std::string::npos);
  CHECK(folder("loss*weights") != folder("loss/weights"));
  std::string longer = "loss";
  for (int i = 0; i < 200; ++i) longer += "+loss";
  CHECK(folder(longer).size() < 160);
}

TEST_CASE("plan: what cannot be planned is refused by name") {
  const auto refused = [](const PlanOptions& plan, const char* reason) {
    CHECK_THROWS_WITH_AS(plan_runs(grid_config(), plan), Contains(reason), Error);
  };
  refused({{}, {}, 1}, "the grid is empty");
  refused({{"fixed", "fixed"}, {}, 1}, "'fixed' is given twice");
  refused({{"median"}, {}, 1}, "median");
  refused({{"fixed+hinge"}, {}, 1}, "hinge");
  refused({{"fixed"}, {"lr"}, 1}, "expected KEY=VALUE VALUE");
  refused({{"fixed"}, {"rate=1 2"}, 1}, "train has no option 'rate'");
  refused({{"fixed"}, {"lr=fast"}, 1}, "fast");
  refused({{"fixed"}, {"seed=1 2"}, 1}, "cannot change 'seed': see --configurations, --repeats");
  refused({{"fixed"}, {"fold=1 2"}, 1}, "cannot change 'fold': see --configurations, --repeats");
  refused({{"fixed"}, {}, 1, {"lr"}}, "--ablate 'lr': expected KEY=VALUE");
  refused({{"fixed"}, {}, 1, {"lr=1; "}}, "--ablate 'lr=1; ': expected KEY=VALUE");
  refused({{"fixed"}, {}, 1, {"lr="}}, "expected KEY=VALUE");
  refused({{"fixed"}, {}, 1, {"seed=2"}}, "--ablate cannot change 'seed'");
  refused({{"fixed"}, {}, 1, {"recipe=strong"}}, "--ablate cannot change 'recipe'");
  refused({{"fixed"}, {}, 1, {"lr=0.1", "lr=0.1"}}, "'fixed,lr=0.1' is given twice");
  refused({{"fixed"}, {"cache-mb=1 2"}, 1},
          "runs that differ in it alone are of one configuration");
}

TEST_CASE("audit: bounds, rounding by half a unit of the last digit, and what a mean implies") {
  const auto judged = [](const std::string& row) { return audit(scores(row)).front(); };
  // Dice 0.90 with P = R = 0.90 is the bound; one unit above it, and just within its rounding.
  CHECK(judged("a,0.90,0.82,0.90,0.90,0.90,,\n").impossible.empty());
  CHECK(judged("a,0.91,0.84,0.90,0.90,0.90,,\n").impossible.empty());
  CHECK(judged("a,0.910,0.84,0.900,0.900,0.900,,\n").impossible.size() == 1);
  CHECK(judged("a,0.90,0.82,0.90,0.90,0.92,,\n").impossible.front().find("F1 0.92 >") == 0);
  // D / (2 - D) = 0.8182 at 0.9.
  CHECK(judged("a,0.900,0.816,0.95,0.95,0.95,,\n").impossible.front().find("IoU 0.816 <") == 0);
  CHECK(judged("a,0.900,0.818,0.95,0.95,0.95,,\n").impossible.empty());
  CHECK(judged("a,0.900,0.902,0.95,0.95,0.95,,\n").impossible.front().find("IoU 0.902 > Dice") ==
        0);
  // Two pooled classes of mean Dice 0.9: at most (1 + 0.8 / 1.2) / 2 = 0.8333.
  CHECK(judged("a,0.900,0.835,0.95,0.95,0.95,,\n").impossible_pooled.size() == 1);
  CHECK(judged("a,0.900,0.833,0.95,0.95,0.95,,\n").impossible_pooled.empty());
  // Percent; the lesion Dice behind the paper's best row (0.093 of the pixels are lesion).
  const AuditRow best = judged("a,95.22,91.34,95.58,94.93,95.25,92.55,9.3\n");
  CHECK(best.impossible.empty());
  REQUIRE(best.lesion_dice.has_value());
  CHECK(*best.lesion_dice == Approx(0.9194).epsilon(1e-4));
  CHECK_FALSE(judged("a,0.90,,0.90,0.90,,,\n").lesion_dice.has_value());

  // A deviation widens the pooled bound: 4 * 0.01^2 (rounded up) on top of 0.8333.
  const auto with_deviation = [](const std::string& deviation) {
    return audit(parse_csv("dice,dice_sd,iou\n0.900," + deviation + ",0.835\n", "t")).front();
  };
  CHECK(with_deviation("0.010").impossible_pooled.size() == 1);
  CHECK(with_deviation("0.030").impossible_pooled.empty());

  // As a journal prints it.
  const std::vector<AuditRow> printed =
      audit(parse_csv("Method,DSC (%),IoU,F1-Score,Precision,Recall,CB-Dice\nours,90.1 ± "
                      "0.3,82.0%,90.1,91.0 (0.2),89.3,\n",
                      "t"));
  CHECK(printed.front().label == "ours");
  CHECK(printed.front().impossible.empty());
  // Deviations are no labels, wherever they stand, and are read.
  for (const char* columns : {"Method,DSC,DSC SD,IoU,IoU SD", "Method,DSC,SD,IoU,SD",
                              "Method,Dice,±,Jaccard,±", "Method,Dice,std_dice,IoU,Std. IoU"}) {
    const std::vector<AuditRow> read = audit(
        parse_csv(std::string(columns) + "\nours,90.00,3.0,83.5,1\nx,90.00,0.5,83.5,1\n", "t"));
    CHECK_MESSAGE(read[0].label == "ours", columns);
    CHECK_MESSAGE(read[0].impossible_pooled.empty(), columns);
    CHECK_MESSAGE(read[1].impossible_pooled.size() == 1, columns);
  }
  CHECK(
      audit(parse_csv("m,dice,iou\na,90.00 ± 3.0,83.5\n", "t")).front().impossible_pooled.empty());
  CHECK(
      audit(parse_csv("m,dice,iou\na,90.00 ± 0.5,83.5\n", "t")).front().impossible_pooled.size() ==
      1);
  CHECK_THROWS_WITH_AS(audit(parse_csv("dice,dice_sd,iou\n90,much,82\n", "t")),
                       Contains("'much' is not a number"), IoError);
  CHECK_THROWS_WITH_AS(
      audit(parse_csv("dice,iou,f1,precision,recall\n0.9 or so,0.8,0.9,0.9,0.9\n", "t")),
      Contains("'0.9 or so' is not a number"), IoError);

  // Scores of real masks are never called impossible, whatever the averaging.
  Rng rng(17);
  for (int trial = 0; trial < 200; ++trial) {
    double d = 0, j = 0, p = 0, r = 0;
    for (int unit = 0; unit < 3; ++unit) {
      const double tp = 1 + static_cast<double>(rng.below(50)),
                   fp = static_cast<double>(rng.below(50)), fn = static_cast<double>(rng.below(50));
      d += 2 * tp / (2 * tp + fp + fn) / 3;
      j += tp / (tp + fp + fn) / 3;
      p += tp / (tp + fp) / 3;
      r += tp / (tp + fn) / 3;
    }
    const double f1 = 2 * p * r / (p + r);
    CHECK(judged(fmt::format("a,{:.3f},{:.3f},{:.3f},{:.3f},{:.3f},,\n", d, j, p, r, f1))
              .impossible.empty());
  }
  CHECK(audit_text(audit(scores("a,0.9,0.8,0.9,0.9,0.9,,\nb,0.99,0.9,0.9,0.9,0.9,,\n")))
            .find("1 of 2 rows impossible") != std::string::npos);
  CHECK_THROWS_WITH_AS(audit(parse_csv("dice,f1\n1,2\n", "t")), Contains("no column 'iou'"),
                       IoError);
  CHECK_THROWS_WITH_AS(audit(scores("a,-0.1,0.8,0.9,0.9,0.9,,\n")), Contains("'-0.1' is no score"),
                       IoError);
  CHECK_THROWS_WITH_AS(audit(scores("a,high,0.8,0.9,0.9,0.9,,\n")),
                       Contains("'high' is not a number"), IoError);
}

TEST_CASE("audit: how much Dice spreads over what was averaged, from Dice and IoU alone") {
  const auto spread = [](const std::string& scores) {
    return audit(parse_csv("dice,iou\n" + scores + "\n", "t")).front().spread;
  };
  // Published pairs: a mean over images of BUSI, one over batches, and another over images.
  CHECK(spread("76.97,68.61").value() == Approx(0.237).epsilon(0.005));
  CHECK(spread("79.37,66.95").value() == Approx(0.101).epsilon(0.005));
  CHECK(spread("0.8704,0.7958").value() == Approx(0.135).epsilon(0.005));
  CHECK_FALSE(spread("90,82").has_value());      // one count, within rounding: 0.9 / 1.1 = 0.818
  CHECK_FALSE(spread("90.0,80.0").has_value());  // impossible
  // Means over scores drawn at random: their deviation, to the accuracy of the second order.
  Rng rng(23);
  for (int trial = 0; trial < 20; ++trial) {
    const double centre = rng.uniform(0.5, 0.85), width = rng.uniform(0.05, 0.15);
    std::vector<double> dice;
    double mean = 0.0, iou = 0.0;
    for (int k = 0; k < 2000; ++k) {
      dice.push_back(centre + width * (2.0 * rng.uniform() - 1.0));
      mean += dice.back() / 2000;
      iou += dice.back() / (2.0 - dice.back()) / 2000;
    }
    CHECK(spread(fmt::format("{:.6f},{:.6f}", mean, iou)).value() ==
          Approx(mean_deviation(dice).deviation).epsilon(0.05));
  }
}

TEST_CASE("audit: the paper's tables") {
  const std::vector<AuditRow> rows = audit(parse_csv(embedded::kPaperTables, "paper_tables.csv"));
  REQUIRE(rows.size() == 39);
  CHECK(rows[6].label == "Table 1, BUSI, variance+cb_dice");
  std::size_t impossible = 0, pooled = 0, pooled_alone = 0;
  for (const AuditRow& row : rows) {
    impossible += row.impossible.empty() ? 0u : 1u;
    pooled += row.impossible_pooled.empty() ? 0u : 1u;
    pooled_alone += row.impossible.empty() && !row.impossible_pooled.empty() ? 1u : 0u;
  }
  CHECK(impossible == 8);
  CHECK(pooled == 8);
  CHECK(pooled_alone == 7);  // Table 2, MAD without an auxiliary loss, is both
  CHECK(audit_text(rows).find("8 of 39 rows impossible; 8 impossible for pooled counts of two "
                              "classes, 7 of them otherwise possible\n") != std::string::npos);
}

TEST_CASE("grid: the paper's values beside ours, for each of its data sets, none taken for ours") {
  const CsvTable paper = parse_csv(embedded::kPaperTables, "paper_tables.csv");
  const Table ours{"paper",
                   "",
                   "",
                   {"configuration", "runs", "Dice", "IoU", "F1", "Precision", "Recall", "CB-Dice"},
                   {{"random", "1", "1", "2", "3", "4", "5", "6"},
                    {"mad+focal", "1", "80.00 ± 1.00", "70", "0", "0", "0", "75"}},
                   {},
                   {"pooled_dice_mean", "pooled_dice_deviation", "pooled_iou_mean",
                    "pooled_iou_deviation", "pooled_cb_dice_mean", "pooled_cb_dice_deviation"},
                   {{"1", "", "2", "", "6", ""}, {"80.001", "1.002", "70", "", "75", ""}}};
  const Table table = beside_paper(ours, paper);
  CHECK(table.csv_rows[0] == std::vector<std::string>{"mad+focal", "Dice", "80.001", "1.002",
                                                      "92.67", "1.02", "94.80", "0.41", "93.09",
                                                      "0.18"});
  CHECK(table.csv_columns[4] == "paper_BUSI_mean");
  CHECK(table.columns == std::vector<std::string>{"configuration", "score", "here", "paper, BUSI",
                                                  "paper, BUSC", "paper, BUS synthetic"});
  REQUIRE(table.rows.size() == 3);  // the paper has no random weights
  CHECK(table.rows[0] == std::vector<std::string>{"mad+focal", "Dice", "80.00 ± 1.00",
                                                  "92.67 ± 1.02", "94.80 ± 0.41", "93.09 ± 0.18"});
  CHECK(table.rows[2] == std::vector<std::string>{"mad+focal", "CB-Dice", "75", "88.41 ± 1.72",
                                                  "92.67 ± 0.73", "89.80 ± 0.25"});
  // Every configuration of the paper's grid is in all three of its tables.
  PlanOptions plan;
  std::size_t known = 0;
  for (const std::string& configuration : plan.configurations) {
    std::size_t tables = 0;
    for (std::size_t row = 0; row < paper.rows.size(); ++row) {
      tables += paper.text(row, "configuration") == configuration ? 1u : 0u;
    }
    CHECK_MESSAGE((tables == 0 || tables == 3), configuration);
    known += tables / 3;
  }
  CHECK(known == 13);
}

}  // namespace dmf
