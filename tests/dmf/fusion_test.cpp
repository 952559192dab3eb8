#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "dmf/fusion.h"
#include "dmf/statistics.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

FusionSpec two_losses(const std::string& weighting, std::size_t history = 3, std::size_t most = 4) {
  FusionSpec spec;
  spec.losses = {"a", "b"};
  spec.weighting = weighting;
  spec.history_size = history;
  spec.history_size_max = most;
  return spec;
}

/// A step with gradients beside the values, for rules that look at them.
std::vector<double> step(Fusion& fusion, const std::vector<double>& values) {
  Gram gradients(values.size());
  for (std::size_t k = 0; k < values.size(); ++k) gradients(k, k) = 1.0 + std::abs(values[k]);
  return fusion.step(values, &gradients).weights;
}
std::vector<double> step(Fusion& fusion, double a, double b) {
  return step(fusion, std::vector<double>{a, b});
}

}  // namespace

// eq. (3), (5), (9), (10)
TEST_CASE("statistics: by hand") {
  CHECK(median({3, 1, 2}) == 2);
  CHECK(median({4, 1, 3, 2}) == 2.5);  // the mean of the middle two
  CHECK(median({7}) == 7);
  CHECK(variance({1, 2, 3, 4}) == 1.25);
  CHECK(median_absolute_deviation({1, 1, 2, 2, 4, 6, 9}) == 1);
  const auto z = normalised({-std::expm1(1.0), 0.0, std::expm1(1.0)});  // symlog: -1, 0, 1
  CHECK(z[0] == 0.0);
  CHECK(z[1] == Approx(0.5));
  CHECK(z[2] == Approx(1.0));
  CHECK(normalised({5, 5, 5}) == std::vector<double>{0, 0, 0});
}

TEST_CASE("fusion: uniform until history_size values are held, the current one included") {
  Fusion fusion(two_losses("variance"));
  CHECK(step(fusion, 1.0, 1.0) == std::vector<double>{0.5, 0.5});
  CHECK(step(fusion, 2.0, 1.0) == std::vector<double>{0.5, 0.5});
  const auto w = step(fusion, 3.0, 1.0);  // b is constant: all the weight goes to a
  CHECK(w == std::vector<double>{1.0, 0.0});
}

// eq. (3), (4)
TEST_CASE(
    "variance: proportional to the variance of the normalised histories, over the latest values") {
  Fusion fusion(two_losses("variance", 2, 3));
  const std::vector<std::pair<double, double>> values = {{9, 0.1}, {4, 0.4}, {2, 0.2}, {1, 0.3}};
  std::vector<double> w;
  for (const auto& [a, b] : values) w = step(fusion, a, b);
  const double va = variance(normalised({4, 2, 1})), vb = variance(normalised({0.4, 0.2, 0.3}));
  CHECK(w[0] == Approx(va / (va + vb)).epsilon(1e-14));
}

// eq. (5) to (8)
TEST_CASE("mad: inverse to the deviation; bayesian: the posterior is the next prior") {
  const std::vector<std::pair<double, double>> values = {{3, 1}, {2, 5}, {1, 2}, {4, 8}};
  Fusion mad(two_losses("mad", 2, 10)), bayesian(two_losses("bayesian", 2, 10));
  std::vector<double> a, b, prior = {0.5, 0.5};
  for (const auto& [x, y] : values) {
    a.push_back(x);
    b.push_back(y);
    const auto wm = step(mad, x, y), wb = step(bayesian, x, y);
    if (a.size() < 2) continue;
    const double qa = 1 / (median_absolute_deviation(normalised(a)) + 1e-7);
    const double qb = 1 / (median_absolute_deviation(normalised(b)) + 1e-7);
    CHECK(wm[0] == Approx(qa / (qa + qb)).epsilon(1e-14));
    prior = normalised_to_one({prior[0] * qa, prior[1] * qb});
    CHECK(wb[0] == Approx(prior[0]).epsilon(1e-12));
  }
}

// eq. (8)
TEST_CASE("bayesian: a posterior that would underflow stays finite, and can come back") {
  Fusion fusion(two_losses("bayesian", 1, 2));
  std::vector<double> w;
  // b never moves (likelihood 1e7), a always does: after 100 steps the odds pass 1e600.
  for (int t = 0; t < 100; ++t) w = step(fusion, t % 2, 1.0);
  CHECK(w[0] == Approx(0.0));
  CHECK(w[1] == Approx(1.0));
  for (int t = 0; t < 250; ++t) w = step(fusion, 1.0, t % 2);
  CHECK(w[0] == Approx(1.0));
}

TEST_CASE(
    "variance: where nothing varies the weights are uniform; one value is enough for history 1") {
  Fusion fusion(two_losses("variance", 1, 3));
  for (int t = 0; t < 4; ++t) CHECK(step(fusion, 2.0, 7.0) == std::vector<double>{0.5, 0.5});
}

TEST_CASE("fixed: the initial weights, scaled to sum 1, for good") {
  FusionSpec spec = two_losses("fixed");
  spec.initial_weights = {1.0, 3.0};
  Fusion fusion(spec);
  for (int t = 0; t < 9; ++t) CHECK(step(fusion, t, 0.1 * t) == std::vector<double>{0.25, 0.75});
}

TEST_CASE("random: the softmax of standard normals, new ones every step from the first on") {
  FusionSpec spec = two_losses("random", 50, 50);
  std::vector<double> differences;  // of two normals: log w0 - log w1
  Fusion fusion(spec), same(spec);
  for (int t = 0; t < 4000; ++t) {
    const auto w = step(fusion, 1.0, 1.0);
    REQUIRE(w == step(same, 2.0, 0.5));  // whatever the losses
    differences.push_back(std::log(w[0] / w[1]));
  }
  // Mean 0, variance 2; standard errors 0.022 and 0.045.
  const double n = static_cast<double>(differences.size());
  CHECK(std::abs(std::accumulate(differences.begin(), differences.end(), 0.0) / n) < 0.1);
  CHECK(std::abs(variance(differences) - 2.0) < 0.2);
  CHECK(differences[0] != differences[1]);
  spec.seed = 2;
  Fusion other(spec);
  CHECK(std::log(step(other, 1.0, 1.0)[0]) != std::log(step(same, 1.0, 1.0)[0]));
}

TEST_CASE("softadapt: by hand for two losses; cov_weighting: uniform for two steps, then by hand") {
  Fusion soft(two_losses("softadapt"));
  CHECK(step(soft, 1.0, 1.0) == std::vector<double>{0.5, 0.5});
  // Rates -0.5 and 1: e^(0.1 (-1.5)) and 1.
  const double e = std::exp(-0.15);
  CHECK(step(soft, 0.5, 2.0)[0] == Approx(e / (e + 1.0 + 1e-8)).epsilon(1e-14));

  Fusion cov(two_losses("cov_weighting"));
  CHECK(step(cov, 4.0, 1.0) == std::vector<double>{0.5, 0.5});
  CHECK(step(cov, 2.0, 1.0) == std::vector<double>{0.5, 0.5});
  // Ratios of a: 1, then 2/4: mean 0.75, squares 0.125. Of b: 1, 1: mean 1, squares 0.
  const double a = std::sqrt(0.125 / 2.0 + 1e-8) / 0.75, b = std::sqrt(1e-8);
  CHECK(step(cov, 1.0, 1.0)[0] == Approx(a / (a + b)).epsilon(1e-12));
}

TEST_CASE("fusion: averaging and the limit on change move part of the way, together") {
  FusionSpec spec = two_losses("variance", 1, 9);
  spec.averaging = 0.75;
  Fusion averaged(spec);
  step(averaged, 1.0, 1.0);
  CHECK(step(averaged, 2.0, 1.0)[0] == Approx(0.5 + 0.25 * 0.5));  // the rule says 1 and 0
  spec.averaging = 0.0;
  spec.largest_change = 0.1;
  Fusion limited(spec);
  step(limited, 1.0, 1.0);
  CHECK(step(limited, 2.0, 1.0)[0] == Approx(0.6));
  CHECK(step(limited, 3.0, 1.0)[1] == Approx(0.3));
}

// eq. (2)
TEST_CASE(
    "gamma: the first step uses t = 0, and t advances every so many steps; 0 means every one") {
  const AuxiliarySchedule schedule{5.0, 0.05, 2};
  CHECK(schedule.gamma(0) == 5.0);
  CHECK(schedule.gamma(1) == 5.0);
  CHECK(schedule.gamma(2) == Approx(5.0 * std::exp(-0.05)));
  CHECK(AuxiliarySchedule{1.0, 1.0, 0}.gamma(3) == Approx(std::exp(-3.0)));
  Fusion fusion(two_losses("fixed"));
  CHECK(fusion.step(std::vector<double>{1, 1}).gamma == 5.0);
}

TEST_CASE(
    "fusion: current() changes nothing; a loss that is not finite changes nothing and is named") {
  Fusion fusion(two_losses("variance", 1, 3));
  step(fusion, 1.0, 2.0);
  step(fusion, 2.0, 2.5);
  const FusionState before = fusion.state();
  for (int i = 0; i < 3; ++i) fusion.current();
  CHECK_THROWS_WITH_AS(step(fusion, 1.0, NAN), Contains("[dmf] loss 'b' is nan at step 2"),
                       NumericError);
  CHECK_THROWS_WITH_AS(step(fusion, INFINITY, 1.0), Contains("loss 'a' is inf"), NumericError);
  CHECK(fusion.state().history == before.history);
  CHECK(fusion.state().weights == before.weights);
  CHECK(fusion.state().step == 2);
}

TEST_CASE("fusion: a state of another rule is refused") {
  Fusion variance(two_losses("variance")), bayesian(two_losses("bayesian"));
  step(variance, 1, 1);
  CHECK_THROWS_WITH_AS(bayesian.load_state(variance.state()), Contains("0 priors for 2 losses"),
                       ValueError);
  step(bayesian, 1, 1);
  CHECK_THROWS_WITH_AS(variance.load_state(bayesian.state()), Contains("has no state of its own"),
                       ValueError);
}

TEST_CASE("fusion: what cannot be is refused with the field and its value") {
  const auto refused = [](auto change, const char* text) {
    FusionSpec spec = two_losses("variance");
    change(spec);
    CHECK_THROWS_WITH_AS(Fusion{spec}, Contains(text), ValueError);
  };
  refused([](FusionSpec& s) { s.losses.clear(); }, "no losses");
  refused([](FusionSpec& s) { s.weighting = "median"; },
          "got 'median', expected variance, mad, bayesian, fixed");
  refused([](FusionSpec& s) { s.history_size = 0; }, "history_size 0");
  refused([](FusionSpec& s) { s.history_size_max = 2; },
          "history_size_max 2: expected at least history_size 3");
  refused([](FusionSpec& s) { s.initial_weights = {1.0}; }, "1 initial weights for 2 losses");
  refused([](FusionSpec& s) { s.initial_weights = {1.0, -1.0}; }, "initial weight -1");
  refused([](FusionSpec& s) { s.initial_weights = {0.0, 0.0}; }, "sum to 0");
  refused([](FusionSpec& s) { s.auxiliary.gamma0 = -1; }, "gamma0 -1");
  refused([](FusionSpec& s) { s.auxiliary.lambda = NAN; }, "lambda nan");
  refused([](FusionSpec& s) { s.auxiliary.every = -1; }, "batch_track_steps -1");
  refused([](FusionSpec& s) { s.averaging = 1.0; }, "expected 0 <= decay < 1");
  refused([](FusionSpec& s) { s.steps_per_epoch = -1; }, "steps_per_epoch -1: expected >= 0");
  refused([](FusionSpec& s) { s.weighting = "dwa"; },
          "the rule 'dwa' needs to know steps_per_epoch: got 0");
  refused(
      [](FusionSpec& s) {
        s.weighting = "softadapt";
        s.rule = settings_of(loss_rules());
        s.rule.set("softadapt-order", std::int64_t{4});
      },
      "history_size_max 4: the rule 'softadapt' needs 5 values");
  Settings rule = settings_of(loss_rules());
  CHECK_THROWS_WITH_AS(rule.set("softadapt-variant", std::string("new")),
                       Contains("got 'new', expected original, normalized or loss_weighted"),
                       ValueError);
  CHECK_THROWS_WITH_AS(rule.set("softadapt-order", std::int64_t{0}),
                       Contains("[softadapt-order] got 0, expected >= 1 and <= 5"), ValueError);
  CHECK_THROWS_WITH_AS(rule.set("cov-decay", 1.1), Contains("got 1.1, expected >= 0 and <= 1"),
                       ValueError);
  Fusion random(two_losses("random")), cov(two_losses("cov_weighting"));
  CHECK_THROWS_WITH_AS(random.load_state(cov.state()), Contains("one count of draws"), ValueError);
  CHECK_THROWS_WITH_AS(cov.load_state(random.state()), Contains("three numbers a loss"),
                       ValueError);
  Fusion fusion(two_losses("variance"));
  CHECK_THROWS_WITH_AS(fusion.step(std::vector<double>{1.0}), Contains("1 values for 2 losses"),
                       ValueError);
}

namespace {

/// All weight to the loss whose gradient is the longest.
class LongestGradient final : public WeightingRule {
 public:
  RuleNeeds needs() const override { return {.least_history = 2, .gradients = true}; }
  std::vector<double> weights(const Signals& signals) override {
    std::size_t longest = 0;
    for (std::size_t k = 0; k < signals.gradients->losses(); ++k) {
      if (signals.gradients->norm(k) > signals.gradients->norm(longest)) longest = k;
    }
    std::vector<double> w(signals.current.size(), 0.0);
    w[longest] = 1.0;
    return w;
  }
};

}  // namespace

TEST_CASE("fusion: a rule of one's own sees the gradients, and is not asked before it can be") {
  FusionSpec spec = two_losses("longest", 1, 9);
  Fusion fusion(spec, std::make_unique<LongestGradient>());
  Gram gram(2);
  gram(0, 0) = 1.0;
  gram(1, 1) = 4.0;
  const std::vector<double> values = {1.0, 1.0};
  CHECK(fusion.step(values, &gram).weights == std::vector<double>{0.5, 0.5});
  CHECK(fusion.step(values, &gram).weights == std::vector<double>{0.0, 1.0});
  gram(0, 0) = 9.0;
  CHECK(fusion.step(values, &gram).weights == std::vector<double>{1.0, 0.0});
  CHECK_THROWS_WITH_AS(fusion.step(values), Contains("'longest' needs the losses' gradients"),
                       ValueError);
  const Gram three(3);
  CHECK_THROWS_WITH_AS(fusion.step(values, &three), Contains("gradients of 3 losses: expected 2"),
                       ValueError);
  CHECK(fusion.steps() == 3);
  gram(0, 1) = NAN;
  CHECK_THROWS_WITH_AS(
      fusion.step(values, &gram),
      Contains("the product of the gradients of 'a' and 'b' is nan at step 3: expected a finite"),
      NumericError);
  CHECK(fusion.steps() == 3);
}

namespace {

/// Says what it was told to, of any sum and sign.
class Told final : public WeightingRule {
 public:
  explicit Told(std::vector<double> told, bool sums_to_one = false)
      : told_(std::move(told)), sums_to_one_(sums_to_one) {}
  RuleNeeds needs() const override { return {}; }
  bool sums_to_one() const override { return sums_to_one_; }
  std::vector<double> weights(const Signals&) override { return told_; }

 private:
  std::vector<double> told_;
  bool sums_to_one_;
};

std::vector<double> told(std::vector<double> weights, WeightScale scale, NegativeWeights negative,
                         bool sums_to_one = false) {
  FusionSpec spec = two_losses("told");
  spec.scale = scale;
  spec.negative = negative;
  Fusion fusion(spec, std::make_unique<Told>(std::move(weights), sums_to_one));
  return step(fusion, 1.0, 1.0);
}

}  // namespace

TEST_CASE("fusion: weights are scaled to sum 1 unless they are wanted as published") {
  using enum WeightScale;
  using enum NegativeWeights;
  CHECK(told({3.0, 1.0}, one, clamp) == std::vector<double>{0.75, 0.25});
  CHECK(told({3.0, 1.0}, published, clamp) == std::vector<double>{3.0, 1.0});
  // What sums to 1 by its own account keeps its bits.
  CHECK(told({0.7, 0.29999999}, one, clamp, true) == std::vector<double>{0.7, 0.29999999});
  // No weight above 0: those in force stay. Published, they are 0.
  CHECK(told({0.0, 0.0}, one, clamp) == std::vector<double>{0.5, 0.5});
  CHECK(told({-1.0, 0.0}, one, clamp) == std::vector<double>{0.5, 0.5});
  CHECK(told({-2.0, 1.0}, one, keep) == std::vector<double>{0.5, 0.5});
  CHECK(told({0.0, 0.0}, published, clamp) == std::vector<double>{0.0, 0.0});
}

TEST_CASE("fusion: weights of 0 or below are clamped, kept or refused; others must be finite") {
  using enum WeightScale;
  using enum NegativeWeights;
  CHECK(told({-1.0, 4.0}, one, clamp) == std::vector<double>{0.0, 1.0});
  CHECK(told({-0.5, 1.5}, one, clamp, true) == std::vector<double>{0.0, 1.0});
  CHECK(told({-1.0, 4.0}, published, clamp) == std::vector<double>{0.0, 4.0});
  CHECK(told({-1.0, 5.0}, one, keep) == std::vector<double>{-0.25, 1.25});
  CHECK(told({-1.0, 5.0}, published, keep) == std::vector<double>{-1.0, 5.0});
  CHECK(told({1.0, 3.0}, one, refuse) == std::vector<double>{0.25, 0.75});
  CHECK_THROWS_WITH_AS(
      told({1.0, -2.5}, one, refuse),
      Contains("the weight that the rule 'told' gives the loss 'b' is -2.5 at step "
               "0: expected > 0"),
      NumericError);
  CHECK_THROWS_WITH_AS(told({0.0, 1.0}, one, refuse), Contains("the loss 'a' is 0 at step 0"),
                       NumericError);
  for (const NegativeWeights policy : {clamp, keep, refuse}) {
    CHECK_THROWS_WITH_AS(told({NAN, 1.0}, published, policy),
                         Contains("gives the loss 'a' is nan at step 0"), NumericError);
  }
}

TEST_CASE(
    "fusion: the losses after the update are asked for once a step, of rules that need them") {
  FusionSpec spec = two_losses("famo", 1, 3);
  Fusion famo(spec), fixed(two_losses("fixed"));
  const std::vector<double> losses = {1.0, 2.0};
  CHECK_THROWS_WITH_AS(famo.losses_after(losses), Contains("'famo' does not wait for the losses"),
                       ValueError);
  fixed.step(losses);
  CHECK_THROWS_WITH_AS(fixed.losses_after(losses), Contains("'fixed' does not wait"), ValueError);
  famo.step(losses);
  CHECK_THROWS_WITH_AS(famo.state(), Contains("complete after losses_after() alone"), ValueError);
  CHECK_THROWS_WITH_AS(famo.step(losses),
                       Contains("'famo' needs the losses after the update of step 0"), ValueError);
  CHECK_THROWS_WITH_AS(famo.losses_after(std::vector<double>{1.0}), Contains("1 values for 2"),
                       ValueError);
  CHECK_THROWS_WITH_AS(famo.losses_after(std::vector<double>{1.0, NAN}), Contains("'b' is nan"),
                       NumericError);
  famo.losses_after(losses);
  famo.step(losses);
  CHECK(famo.steps() == 2);
}

TEST_CASE("fusion: a rule that has no answer leaves the memory as it was") {
  Fusion fusion(two_losses("gls"));
  step(fusion, 1.0, 2.0);
  const FusionState before = fusion.state();
  CHECK_THROWS_WITH_AS(step(fusion, 1.0, -2.0),
                       Contains("[gls] loss 1 is -2: expected >= 0, as the rule weighs by its "
                                "inverse or logarithm."),
                       NumericError);
  CHECK(fusion.state().history == before.history);
  CHECK(fusion.state().weights == before.weights);
  CHECK(fusion.steps() == 1);
}

}  // namespace dmf
