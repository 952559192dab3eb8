#include "apps/experiment/report/test_tables.h"

#include <fmt/format.h>

namespace dmf {
namespace {

/// A comparison a row.
Table tests_table(const std::vector<Comparison>& comparisons) {
  Table table;
  table.columns = {"configuration", "against", "n",       "difference (95 %)",
                   "direction",     "p",       "p, Holm", "effect"};
  table.csv_columns = {"configuration", "against", "n",          "pairs_not_equal", "difference",
                       "low",           "high",    "w_positive", "w_negative",      "p",
                       "exact",         "p_holm",  "effect"};
  for (const Comparison& each : comparisons) {
    const SignedRankTest& test = each.test;
    const std::size_t n = each.differences.size();
    table.rows.push_back({each.configuration, each.baseline, fmt::format("{}", n),
                          difference_text(each.mean), each.direction(), p_text(test.p),
                          p_text(each.p_holm) + (each.significant() ? "†" : ""),
                          fmt::format("{:+.2f}", test.effect)});
    table.csv_rows.push_back({each.configuration, each.baseline, fmt::format("{}", n),
                              fmt::format("{}", test.pairs), fmt::format("{}", each.mean.value),
                              fmt::format("{}", each.mean.low), fmt::format("{}", each.mean.high),
                              fmt::format("{}", test.positive), fmt::format("{}", test.negative),
                              fmt::format("{}", test.p), test.exact ? "1" : "0",
                              fmt::format("{}", each.p_holm), fmt::format("{}", test.effect)});
  }
  return table;
}

}  // namespace

Table image_tests(const std::vector<Comparison>& comparisons) {
  Table table = tests_table(comparisons);
  table.name = "tests";
  table.title = "Tests over test images";
  table.note =
      "Rules against fixed weights with the same auxiliary loss, changed options against the configuration without the changes. The unit is the test image: its lesion Dice, mean over the repetitions that tested it under both; "
      "n images. Difference: mean and its 95 % bootstrap interval over images. Wilcoxon's signed-rank "
      "test, two-sided, of the images that differ, exact up to 50 of them, else by the normal "
      "approximation with ties; Holm's correction over all rules, and over all changed options; † where it leaves p below 0.05; "
      "effect: matched-pairs rank-biserial correlation. Images tell nothing of how training varies: "
      "that needs repetitions.";
  return table;
}

Table repetition_tests(const std::vector<Comparison>& comparisons) {
  Table table = tests_table(comparisons);
  table.name = "repetitions";
  table.title = "Tests over repetitions";
  table.note = "The same tests; the unit is the repetition: its mean lesion Dice per image.";
  return table;
}

}  // namespace dmf
