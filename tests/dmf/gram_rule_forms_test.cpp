#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <set>

#include "dmf/draws.h"
#include "tests/dmf/gram_rule_steps.h"

// Forms of the rules on gradients that are chosen: drawn orders, a solution that is kept, weights that
// are rescaled. The numbers are another program's (Python, float64, on gradients with these products).

namespace dmf {

using doctest::Contains;

namespace {

/// Three losses that all conflict, so that the order in which they meet counts.
const Gram kAllConflict = gram_of({{1, -.4, -.3}, {-.4, 1, -.2}, {-.3, -.2, .5}});
/// Two steps' orders: a different one for each loss, then the given one.
const Row kOrders = {2, 1, 0, 0, 1, 2, 1, 2, 0, 0, 1, 2, 0, 1, 2, 0, 1, 2};

FusionSpec in_random_order(const std::string& rule, const Row& draws = {}) {
  FusionSpec spec = with(rule, 3, {{rule + "-order", std::string("random")}});
  spec.draws = draws;
  return spec;
}

}  // namespace

TEST_CASE("pcgrad, gradvac: in drawn orders, by hand") {
  const std::vector<Row> ones(2, Row(3, 1.0));
  const auto given = trajectory(with("pcgrad", 3), gram_rules(), ones, {kAllConflict});
  CHECK(difference(given[0], {1.7, 1.72, 2.4}) < 1e-14);
  const auto pcgrad =
      trajectory(in_random_order("pcgrad", kOrders), gram_rules(), ones, {kAllConflict});
  CHECK(difference(pcgrad[0], {1.78, 1.72, 2.24}) < 1e-14);
  CHECK(pcgrad[1] == given[1]);
  const auto gradvac =
      trajectory(in_random_order("gradvac", kOrders), gram_rules(), ones, {kAllConflict});
  CHECK(difference(gradvac[0], pcgrad[0]) < 1e-14);
  CHECK(difference(gradvac[1], {1.3260582164146144, 1.2819239662485284, 1.611209502373328}) <
        1e-12);
  // A step without any gradient draws too.
  const auto after_none =
      trajectory(in_random_order("pcgrad", kOrders), gram_rules(), ones, {Gram(3), kAllConflict});
  CHECK(after_none[1] == given[1]);
  CHECK_THROWS_WITH_AS(
      trajectory(in_random_order("pcgrad", Row(9, 0.0)), gram_rules(), ones, {kAllConflict}),
      Contains("[dmf] the draws of step 0 are no order: expected each number "
               "below 3 once"),
      ValueError);
}

TEST_CASE(
    "pcgrad, gradvac: orders of a seed are all there is, go on with a state, and are its own") {
  for (const std::string rule : {"pcgrad", "gradvac"}) {
    CAPTURE(rule);
    FusionSpec spec = in_random_order(rule);
    Fusion whole(spec, gram_rules()), cut(spec, gram_rules());
    const Row ones(3, 1.0);
    std::set<Row> seen;
    for (int t = 0; t < 60; ++t) {
      const Row w = whole.step(ones, &kAllConflict).weights;
      seen.insert(w);
      CHECK(cut.step(ones, &kAllConflict).weights == w);
      Fusion resumed(spec, gram_rules());
      resumed.load_state(cut.state());
      cut = std::move(resumed);
    }
    CHECK(seen.size() > 4);
    spec.seed = 2;
    Fusion other(spec, gram_rules());
    bool differs = false;
    Fusion again(in_random_order(rule), gram_rules());
    for (int t = 0; t < 10; ++t) {
      differs = differs ||
                other.step(ones, &kAllConflict).weights != again.step(ones, &kAllConflict).weights;
    }
    CHECK(differs);
    FusionState wrong = whole.state();
    wrong.rule.push_back(1.0);
    CHECK_THROWS_WITH_AS(whole.load_state(wrong), Contains("one count of draws"), ValueError);
  }
  // Of three numbers 6 orders, each as often.
  Draws draws(7, {});
  std::map<std::vector<std::size_t>, int> counts;
  for (int t = 0; t < 2000; ++t) {
    for (const auto& order : draws.orders(3)) ++counts[order];
  }
  CHECK(counts.size() == 6);
  for (const auto& [order, count] : counts) CHECK(std::abs(count - 1000) < 120);
}

TEST_CASE("nash: a solution stays for so many steps, scaled to each one's gradients") {
  const Gram other = gram_of({{4, 1}, {1, 1}}), small = gram_of({{.0004, 0}, {0, .0001}});
  const std::vector<Row> ones(5, Row(2, 1.0));
  const Set every = {{"nash-update-every", std::int64_t{3}}};
  const FusionSpec spec = with("nash", 2, every);
  const auto w = trajectory(spec, gram_rules(), ones, {kTorchJd, other, small, other, kTorchJd});
  CHECK(difference(w[0], {0.41822619154979473, 0.2878430059748589}) < 1e-12);
  CHECK(difference(w[1], {0.4134428036729361, 0.2845508526543877}) < 1e-12);
  CHECK(difference(w[2], {4.277650008038612, 2.9440806475067776}) < 1e-12);
  CHECK(difference(w[3], {0.2886751345948129, 0.5773502691896258}) < 1e-12);  // solved anew
  // Where no direction lowered all, or no gradient was there, the next step looks for another.
  const Gram opposed = gram_of({{1, -1}, {-1, 1}});
  CHECK(trajectory(spec, gram_rules(), ones, {opposed, other, other, other, other})[1] == w[3]);
  CHECK(trajectory(spec, gram_rules(), ones, {Gram(2), other, other, other, other})[1] == w[3]);
  Fusion cut(spec, gram_rules()), resumed(spec, gram_rules());
  cut.step(ones[0], &kTorchJd);
  resumed.load_state(cut.state());
  CHECK(resumed.step(ones[0], &other).weights == w[1]);
  CHECK(Fusion(with("nash", 2), gram_rules()).state().rule.empty());
}

TEST_CASE("cagrad: rescaled as LibMTL does") {
  const auto rescaled = [](std::int64_t how) {
    return weights("cagrad", kTorchJd, {{"cagrad-rescale", how}});
  };
  const Row plain = weights("cagrad", kTorchJd);
  CHECK(rescaled(0) == plain);
  CHECK(difference(rescaled(1), {plain[0] / 1.25, plain[1] / 1.25}) < 1e-15);
  CHECK(difference(rescaled(2), {plain[0] / 1.5, plain[1] / 1.5}) < 1e-15);
  CHECK(largest_error(rescaled(1), {0.704124 / 1.25, 0.5 / 1.25}) < 6e-7);
}

}  // namespace dmf
