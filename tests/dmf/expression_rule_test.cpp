#include "dmf/expression_rule.h"

#include <doctest/doctest.h>

#include <cmath>

#include "dmf/expression_functions.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "dmf/make_rule.h"
#include "engine/core/rng.h"
#include "tests/support/rule_steps.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

// The paper's rules as one writes them, with its eps.
const std::string kVariance = "normalise(var(minmax(symlog(window()))))";
const std::string kMad = "normalise(1/(mad(minmax(symlog(window())))+1e-7))";
const std::string kBayesian = "normalise(posterior(-log(mad(minmax(symlog(window())))+1e-7)))";

/// What the rule gives from a history of two losses whose weights in force are 0.25 and 0.75.
Row given(const std::string& text, const std::vector<Row>& steps) {
  LossHistory history(2, 10);
  for (const Row& step : steps) history.append(step);
  const Row current = {0.25, 0.75};
  return expression_rule(text, {current})->weights({history, current, nullptr});
}

std::string problem_of(const std::string& text) {
  try {
    expression_rule(text, {{0.5, 0.5}});
  } catch (const ValueError& problem) {
    return problem.what();
  }
  return "none";
}

std::vector<Row> drawn_losses(std::size_t losses, int steps) {
  Rng rng(82);
  std::vector<Row> all;
  for (int t = 0; t < steps; ++t) {
    Row row;
    for (std::size_t k = 0; k < losses; ++k) {
      row.push_back(std::exp(-0.05 * t * static_cast<double>(k)) * rng.uniform(0.5, 1.5));
    }
    all.push_back(row);
  }
  return all;
}

FusionSpec spec_of(const std::string& weighting, std::size_t losses) {
  FusionSpec spec;
  for (std::size_t k = 0; k < losses; ++k) spec.losses.push_back("loss" + std::to_string(k));
  spec.weighting = weighting;
  spec.history_size = 5;
  spec.history_size_max = 12;
  return spec;
}

}  // namespace

TEST_CASE("expression rules: every name and function, by hand") {
  const std::vector<Row> steps = {{8, 1}, {4, 2}, {2, 6}};
  const auto check = [&](const std::string& text, double first, double second) {
    CAPTURE(text);
    const Row weights = given(text, steps);
    CHECK(weights[0] == Approx(first).epsilon(1e-12));
    CHECK(weights[1] == Approx(second).epsilon(1e-12));
  };
  check("loss", 2, 6);
  check("weights", 0.25, 0.75);
  check("last(window(3))", 2, 6);
  check("ratio(window(2))", 0.5, 3);
  check("ratio(window())", 0.25, 6);
  check("slope(window())", -3, 2.5);
  check("slope(window(2))", -2, 4);
  check("slope(window(1))+loss", 2, 6);
  check("mean(window())", 14.0 / 3, 3);
  check("mean(window(2))", 3, 4);
  check("median(window())", 4, 2);
  check("median(window(2))", 3, 4);
  check("sum(window())", 14, 9);
  check("min(window())+max(window())", 10, 7);
  check("var(window(2))", 1, 4);
  check("mad(window())", 2, 1);
  check("ema(window(),0.75)", 0.75 * (0.75 * 8 + 0.25 * 4) + 0.25 * 2,
        0.75 * (0.75 * 1 + 0.25 * 2) + 0.25 * 6);
  check("ema(window(),0)", 2, 6);
  check("mean(minmax(window()))", (1 + 1.0 / 3) / (3 * (1 + 1e-7 / 6)),
        (1 + 1.0 / 5) / (3 * (1 + 1e-7 / 5)));
  check("mean(symlog(window()))", std::log(9.0 * 5 * 3) / 3, std::log(2.0 * 3 * 7) / 3);
  check("mean(window()-mean(window())+loss)", 2, 6);
  check("mean(window()*window())", 28, 41.0 / 3);
  // Over the losses, where there is no time.
  check("mean(loss)", 4, 4);
  check("loss-median(loss)+sum(loss)", 6, 10);
  check("max(loss)/min(loss)", 3, 3);
  check("mad(loss)+var(loss)", 6, 6);
  check("minmax(loss)", 0, 4 / (4 + 1e-7));
  check("normalise(loss)", 0.25, 0.75);
  check("normalise(loss-loss)", 0.5, 0.5);
  check("softmax(log(loss))", 0.25, 0.75);
  check("posterior(log(loss))", 0.1, 0.9);
  // Number by number.
  check("-loss--loss+exp(0*loss)", 1, 1);
  check("sqrt(loss*loss)+abs(-loss)", 4, 12);
  check("pow(loss,2)", 4, 36);
  check("pow(2,loss)/2", 2, 32);
  check("min(loss,3)", 2, 3);
  check("max(3,loss)", 3, 6);
  check("2*loss-1/2+weights*4", 4.5, 14.5);
}

// eq. (3) to (8)
TEST_CASE(
    "expression rules: the paper's three rules, written so, are the built-in ones to the bit") {
  const std::vector<Row> losses = drawn_losses(3, 60);
  const std::pair<std::string, std::string> rules[] = {
      {"variance", kVariance}, {"mad", kMad}, {"bayesian", kBayesian}};
  for (const auto& rule : rules) {
    CAPTURE(rule.first);
    for (const double averaging : {0.0, 0.3}) {
      FusionSpec built_in = spec_of(rule.first, 3);
      built_in.averaging = averaging;
      FusionSpec written = built_in;
      written.weighting = rule.second;
      CHECK(trajectory(written, loss_rules(), losses) ==
            trajectory(built_in, loss_rules(), losses));
    }
  }
  // With the weights in force as the prior the last bits differ, which the logarithms keep.
  FusionSpec plain = spec_of("normalise(weights/(mad(minmax(symlog(window())))+1e-7))", 3);
  const std::vector<Row> expected = trajectory(spec_of("bayesian", 3), loss_rules(), losses);
  const std::vector<Row> got = trajectory(plain, loss_rules(), losses);
  for (std::size_t t = 0; t < got.size(); ++t) CHECK(difference(got[t], expected[t]) < 1e-10);
}

TEST_CASE("expression rules: others' rules, written so, are theirs") {
  const std::vector<Row> losses = drawn_losses(3, 40);
  const auto same = [&](const std::string& rule, const std::string& text, double slack) {
    CAPTURE(text);
    const std::vector<Row> expected = trajectory(spec_of(rule, 3), loss_rules(), losses);
    const std::vector<Row> got = trajectory(spec_of(text, 3), loss_rules(), losses);
    for (std::size_t t = 0; t < got.size(); ++t) CHECK(difference(got[t], expected[t]) < slack);
  };
  same("inverse_loss", "1/loss", 1e-14);
  same("gls", "1/loss", 1e-12);
  same("fixed", "weights", 1e-14);
}

TEST_CASE(
    "expression rules: a rule waits for its longest window, and for a full history without one") {
  const auto needs = [](const std::string& text) {
    return expression_rule(text, {{1.0}})->needs();
  };
  CHECK(needs("mean(window(7))/mean(window(3))").least_history == 7);
  CHECK(!needs("mean(window(7))").full_history);
  CHECK(needs("mean(window())+mean(window(7))").full_history);
  CHECK(needs("loss").least_history == 1);
  CHECK(needs("weights").least_history == 0);
  // Both at once: the later.
  FusionSpec spec = spec_of("mean(window())+mean(window(7))", 2);
  CHECK(Fusion(spec).least_history() == 7);
  spec.history_size = 9;
  CHECK(Fusion(spec).least_history() == 9);
  spec.history_size = spec.history_size_max = 6;
  CHECK_THROWS_WITH_AS(
      Fusion{spec},
      Contains("history_size_max 6: the rule 'mean(window())+mean(window(7))' needs 7 values"),
      ValueError);
  const std::vector<Row> weights =
      trajectory(spec_of("slope(window(3))+9", 2), loss_rules(), drawn_losses(2, 4));
  CHECK(weights[1] == Row{0.5, 0.5});
  CHECK(weights[2] != Row{0.5, 0.5});
}

TEST_CASE("expression rules: saved after ten steps of twenty, a rule goes on in the same bits") {
  const std::vector<Row> losses = drawn_losses(3, 20);
  for (const std::string& text : {kBayesian, kMad, std::string("weights*(1+1/loss)")}) {
    CAPTURE(text);
    const FusionSpec spec = spec_of(text, 3);
    Fusion whole(spec), first(spec), resumed(spec);
    for (std::size_t t = 0; t < 10; ++t) {
      whole.step(losses[t]);
      first.step(losses[t]);
    }
    resumed.load_state(first.state());
    for (std::size_t t = 10; t < 20; ++t) {
      CHECK(resumed.step(losses[t]).weights == whole.step(losses[t]).weights);
    }
    CHECK(resumed.state().rule == whole.state().rule);
    CHECK(whole.state().rule.size() == (text == kBayesian ? 3 : 0));
    Row wrong = whole.state().rule;
    wrong.push_back(1.0);
    CHECK_THROWS_AS(expression_rule(text, {{0.2, 0.3, 0.5}})->load_state(wrong), ValueError);
  }
}

TEST_CASE("expression rules: weights are scaled to sum 1 once") {
  const std::vector<Row> losses = drawn_losses(3, 30);
  for (const char* text : {"loss", "2*weights+loss", "softmax(-slope(window(5))/0.1)"}) {
    for (const Row& row : trajectory(spec_of(text, 3), loss_rules(), losses)) {
      CHECK(row[0] + row[1] + row[2] == Approx(1.0).epsilon(1e-14));
    }
  }
  CHECK(expression_rule("softmax(loss)", {{1.0}})->sums_to_one());
  CHECK(!expression_rule("softmax(loss)+0", {{1.0}})->sums_to_one());
  FusionSpec spec = published("3*loss", 3);
  CHECK(trajectory(spec, loss_rules(), {{1, 2, 4}})[0] == Row{3, 6, 12});
}

TEST_CASE(
    "expression rules: what is not finite ends the step, changing nothing, with its character") {
  const auto problem = [](const std::string& text, const std::vector<Row>& steps) -> std::string {
    try {
      given(text, steps);
    } catch (const NumericError& error) {
      return error.what();
    }
    return "none";
  };
  const std::string hint =
      ", expected a finite number. Keep what it divides by, or takes the logarithm of, above 0.";
  CHECK(problem("1/(loss-2)", {{1, 2}}) ==
        "[expression] '1/(loss-2)' at character 2: got inf for loss 1" + hint);
  CHECK(problem("normalise(-log(var(window())))", {{1, 2}}) ==
        "[expression] 'normalise(-log(var(window())))' at character 12: got -inf for loss 0" +
            hint);
  CHECK(problem("sqrt(-loss)", {{0, 2}}) ==
        "[expression] 'sqrt(-loss)' at character 1: got nan for loss 1" + hint);
  CHECK(problem("softmax(exp(loss))", {{1, 710}}) ==
        "[expression] 'softmax(exp(loss))' at character 9: got inf for loss 1" + hint);
  CHECK(problem("0/0*loss", {{1, 2}}) ==
        "[expression] '0/0*loss' at character 2: got nan for loss 0" + hint);

  FusionSpec spec = spec_of("posterior(loss)+0*log(loss)", 2);
  Fusion fusion(spec);
  fusion.step(Row{1.0, 2.0});
  const FusionState before = fusion.state();
  CHECK_THROWS_AS(fusion.step(Row{0.0, 2.0}), NumericError);
  CHECK(fusion.state().rule == before.rule);
  CHECK(fusion.state().weights == before.weights);
  CHECK(fusion.state().step == before.step);
}

TEST_CASE("expression rules: an error says at which character, what is there and what could be") {
  const auto at = [](const std::string& text, int character, const std::string& problem) {
    return "[expression] '" + text + "' at character " + std::to_string(character) + ": " +
           problem + ".";
  };
  const auto check = [&](const std::string& text, int character, const std::string& problem) {
    CHECK(problem_of(text) == at(text, character, problem));
  };
  check("losses", 1, "got 'losses', expected loss, weights, window() or a number");
  check(
      "1+variance(loss)", 3,
      "got the function 'variance', expected window, posterior, log, exp, sqrt, abs, symlog, pow, min, max, mean, sum, median, var, mad, last, slope, ratio, ema, minmax, normalise or softmax");
  check("window(3)", 1,
        "got a series, expected one number a loss: a mean(), slope() or such of it");
  check("1+2", 2, "got numbers alone, expected loss, weights or window() in it");
  check("mean(window(0))", 13, "got '0', expected a whole number of steps, 1 to 1048576");
  check("mean(window(2.5))", 13, "got '2.5', expected a whole number of steps, 1 to 1048576");
  check("mean(window(-1))", 13, "got '-1', expected a whole number of steps, 1 to 1048576");
  check("mean(window(1e9))", 13, "got '1e+09', expected a whole number of steps, 1 to 1048576");
  check("mean(window(1,2))", 6, "got 2 arguments of window, expected 0 or 1");
  check("mean(window(3)-window())", 15, "got series of 3 and all steps, expected the same of both");
  check("softmax(window(3))", 9, "got a series in softmax, expected one number a loss");
  check("normalise(window(3))", 11, "got a series in normalise, expected one number a loss");
  check("posterior(window(3))", 11, "got a series in posterior, expected one number a loss");
  check("slope(loss)", 7, "got one number a loss in slope, expected a series: a window()");
  check("ema(window(),1)", 14, "got '1', expected a decay, 0 <= number < 1");
  check("ema(window(),loss)", 14, "got 'loss', expected a decay, 0 <= number < 1");
  check("ema(window())", 1, "got 1 argument of ema, expected 2");
  check("log(loss,2)", 1, "got 2 arguments of log, expected 1");
  check("pow(loss)", 1, "got 1 argument of pow, expected 2");
  check("min(loss,1,2)", 1, "got 3 arguments of min, expected 1 or 2");
  check("var(x=loss)", 7, "got x=, expected no argument by name in var");
  check("posterior(loss)+posterior(loss)", 17, "got a second posterior, expected one");
  check("log(loss", 9, "got the end, expected an operator, a comma or ')'");
}

TEST_CASE(
    "expression rules: a rule's name goes before an expression, a name that is none is told as one") {
  CHECK(find_rule(weighting_rules(), "dwa")->name == "dwa");
  CHECK(find_rule(weighting_rules(), "1/loss") == nullptr);
  CHECK(find_rule(weighting_rules(), "weights") == nullptr);
  CHECK(settings_of_rule(weighting_rules(), "1/loss").empty());
  CHECK(settings_of_rule(weighting_rules(), "bayesian").size() == 2);
  for (const char* name : {"varience", "uw-so", ""}) {
    CHECK_THROWS_WITH_AS(find_rule(weighting_rules(), name),
                         Contains("', expected variance, mad, bayesian"), ValueError);
  }
  CHECK_THROWS_WITH_AS(find_rule(weighting_rules(), "varience()"),
                       Contains("[expression] 'varience()' at character 1"), ValueError);
  CHECK_THROWS_WITH_AS(find_rule(weighting_rules(), "a\rb"),
                       Contains("[expression] 'a?b' at character 2"), ValueError);  // one line
  for (const RuleEntry& entry : weighting_rules()) {
    CHECK_THROWS_AS(expression_rule(entry.name, {{1.0}}), ValueError);  // no name means two things
  }
}

TEST_CASE(
    "expression rules: every function of the table is tried with one, two and too many arguments") {
  for (const RuleFunction& f : rule_functions()) {
    CAPTURE(f.name);
    const std::string name(f.name);
    int sound = 0;
    for (const char* arguments : {"(window(2))", "(loss)", "(loss,2)", "(window(2),0.5)"}) {
      sound += problem_of("mean(mean(" + name + arguments + "))") == "none" ||
                       problem_of("mean(" + name + arguments + ")") == "none"
                   ? 1
                   : 0;
    }
    CHECK(sound >= 1);
    CHECK(problem_of(name + "()") != "none");
    CHECK(problem_of(name + "(loss,loss,loss)") != "none");
  }
}

}  // namespace dmf
