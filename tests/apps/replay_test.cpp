#include <doctest/doctest.h>

#include "apps/experiment/report/latex.h"
#include "apps/experiment/table.h"
#include "apps/report/replay.h"
#include "dmf/gram_rules/gram_rules.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/check.h"

// What a run's losses would have given under another rule, and tables as files.

namespace dmf {

using doctest::Contains;

TEST_CASE("replay: what the rule would have said, steps left out included") {
  const CsvTable steps = parse_csv(
      "step,epoch,total,a,b,auxiliary_x,weight_a,weight_b,gamma,lr\n"
      "0,1,1,1,1,9,0.5,0.5,5,0.1\n1,1,nan,nan,nan,nan,nan,nan,nan,0.1\n2,1,1,2,1,9,1,0,5,0.1\n",
      "steps.csv");
  FusionSpec spec;
  spec.history_size = 2;
  const Replay replayed = replay(steps, spec);
  CHECK(replayed.losses == std::vector<std::string>{"a", "b"});
  CHECK(replayed.steps == std::vector<double>{0, 2});
  CHECK(replayed.weights[1] == std::vector<double>{1.0, 0.0});  // b does not move
  CHECK(replayed.csv().find("step,weight_a,weight_b,gamma\n0,0.5,0.5,5\n2,1,0,5\n") == 0);
  Replay formula = replayed;
  formula.losses = {"max(fp,fn)", "b"};
  CHECK(parse_csv(formula.csv(), "w").number(1, "weight_max(fp,fn)") == 1.0);
  CHECK_THROWS_WITH_AS(replay(parse_csv("step,a\n0,1\n", "t"), spec), Contains("t has no losses"),
                       IoError);
}

TEST_CASE(
    "replay of all: every rule on losses alone, as by itself; the others are named with why") {
  std::string rows = "step,epoch,a,b,weight_a,weight_b,gamma\n";
  for (int k = 0; k < 12; ++k) {
    rows += fmt::format("{},{},{},{},0.5,0.5,0\n", k, k / 4 + 1, 1.0 / (1 + k), 2.0 / (1 + k * k));
  }
  const CsvTable steps = parse_csv(rows, "steps.csv");
  FusionSpec spec;
  spec.history_size = 4;
  const ReplayOfAll all = replay_all(steps, spec);
  CHECK(all.rules.size() + all.left_out.size() == weighting_rules().size());
  CHECK(all.left_out.size() == gram_rules().size() + 1);
  CHECK(all.left_out.front() == "famo: needs the losses after each update");
  CHECK(all.left_out.back().ends_with(": needs the losses' gradients"));
  for (const Replay& rule : all.rules) {
    FusionSpec own = spec;
    own.weighting = rule.weighting;
    CHECK_MESSAGE(replay(steps, own).weights == rule.weights, rule.weighting);
  }
  const CsvTable csv = parse_csv(all.csv(), "all.csv");
  CHECK(csv.rows.size() == 12 * all.rules.size());
  CHECK(csv.columns ==
        std::vector<std::string>{"weighting", "step", "weight_a", "weight_b", "gamma"});
  CHECK(replay_html(all.rules, all.left_out).find("famo: needs the losses") != std::string::npos);
  spec.weighting = "famo";
  CHECK_THROWS_WITH_AS(replay(steps, spec), Contains("[replay] famo needs the losses after each"),
                       ValueError);
}

TEST_CASE("table: the same cells as CSV, Markdown and LaTeX") {
  const Table table{"n",
                    "Title",
                    "Note 5 %.",
                    {"name", "x_1"},
                    {{"a|b", "1.0 ± 0.1"}, {"c,\"d\"", "2 < 3 & $"}},
                    {{}, {1}}};
  CHECK(table.csv() == "name,x_1\na|b,1.0 ± 0.1\n\"c,\"\"d\"\"\",2 < 3 & $\n");
  Table numbers = table;
  numbers.csv_columns = {"name", "x_mean", "x_deviation"};
  numbers.csv_rows = {{"a|b", "1.01", "0.1"}, {"c", "2", ""}};
  CHECK(numbers.csv() == "name,x_mean,x_deviation\na|b,1.01,0.1\nc,2,\n");
  CHECK(table.markdown() ==
        "**Title.** Note 5 %.\n\n| name | x_1 |\n| --- | ---: |\n| a\\|b | 1.0 ± 0.1 |\n"
        "| c,\"d\" | **2 < 3 & $** |\n");
  CHECK(latex_tables(table) ==
        "\\begin{table}[htbp]\n\\centering\\footnotesize\\setlength{\\tabcolsep}{4pt}\n"
        "\\caption{Title. Note 5 \\%.}\n\\label{tab:n}\n\\begin{tabular}{@{}lr@{}}\n\\toprule\n"
        "name & x\\_\\allowbreak{}1 \\\\\n\\midrule\n"
        "a\\textbar{}b & 1.0 $\\pm$ 0.1 \\\\\n"
        "c,\\allowbreak{}\"d\" & \\textbf{2 $<$ 3 \\& \\$} \\\\\n\\bottomrule\n"
        "\\end{tabular}\n\\end{table}\n");
  CHECK(tex_text("-0.5 (+0.1 to -2), a-b") == "$-$0.5 ($+$0.1 to $-$2), a-b");
  CHECK(tex_text("a+b_c") == "a+\\allowbreak{}b\\_\\allowbreak{}c");
  // Of more than fit side by side, the rest beneath the same first column.
  Table wide{"w", "W", "", {"name"}, {{"row"}}};
  for (int k = 0; k < 9; ++k) {
    wide.columns.push_back(fmt::format("column {}", k));
    wide.rows[0].push_back("0.123 ± 0.456");
  }
  const std::string parts = latex_tables(wide);
  CHECK(parts.find("\\label{tab:w-2}") != std::string::npos);
  CHECK(parts.find("{@{}lrrrrrr") == std::string::npos);
  CHECK(parts.find("column 8") != std::string::npos);
}

}  // namespace dmf
