#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/rule_steps.h"

// Trajectories of every rule on losses, from its published formula. The expected numbers were computed
// from those formulas by another program (NumPy, float64), never by the code under test.

namespace dmf {
namespace {

using doctest::Contains;

constexpr double kDigits = 1e-13;

/// Two losses over six steps.
const std::vector<Row> kLosses = {{1.0, 2.0}, {0.8, 1.9},  {0.5, 1.0},
                                  {0.4, 1.2}, {0.45, 0.9}, {0.3, 0.6}};

FusionSpec with(const std::string& rule, std::size_t losses,
                const std::vector<std::pair<std::string, Setting::Value>>& settings = {}) {
  FusionSpec spec = published(rule, losses);
  spec.rule = settings_of(loss_rules());
  for (const auto& [name, value] : settings) spec.rule.set(name, value);
  return spec;
}
std::vector<Row> trajectory_of(const FusionSpec& spec, const std::vector<Row>& losses = kLosses) {
  return trajectory(spec, loss_rules(), losses);
}

}  // namespace

TEST_CASE("dwa: ones for two epochs, then K softmax(ratio of their means / T)") {
  const auto w = trajectory_of(with("dwa", 2));  // 2 steps an epoch
  for (std::size_t t = 0; t < 4; ++t) CHECK(w[t] == Row{1.0, 1.0});
  // Means 0.9, 1.95, then 0.45, 1.1: 2 softmax(0.45 / 0.9 / 2, 1.1 / 1.95 / 2)
  CHECK(difference(w[4], {0.9839757307414005, 1.0160242692585995}) < kDigits);
  CHECK(w[5] == w[4]);  // until the epoch is over
  // TorchJD's: means [1, 1], then [1, 4], T 2: 2 softmax(0.5, 2)
  FusionSpec spec = with("dwa", 2);
  spec.steps_per_epoch = 1;
  const auto published = trajectory_of(spec, {{1.0, 1.0}, {1.0, 4.0}, {1.0, 1.0}});
  CHECK(difference(published[2], {2.0 / (1.0 + std::exp(1.5)), 2.0 / (1.0 + std::exp(-1.5))}) <
        kDigits);
}

TEST_CASE("dwa: a mean of 0 counts as unchanged, ratios of any size stay finite") {
  FusionSpec spec = with("dwa", 2);
  spec.steps_per_epoch = 1;
  const auto w = trajectory_of(spec, {{0.0, 1.0}, {5.0, 1.0}, {1.0, 1.0}, {1.0, 1.0}});
  CHECK(w[2] == Row{1.0, 1.0});
  const auto steep = trajectory_of(spec, {{1e-300, 1.0}, {1e10, 1.0}, {1.0, 1.0}});
  CHECK(steep[2] == Row{2.0, 0.0});
}

TEST_CASE("relobralo: against the step before and, where it looks back, the first") {
  FusionSpec spec = with("relobralo", 2);
  spec.draws = {1.0, 1.0, 0.0, 1.0, 1.0, 1.0};
  const auto w = trajectory_of(spec);
  CHECK(w[0] == Row{1.0, 1.0});
  CHECK(difference(w[1], {0.9962570153848304, 1.0037429846151695}) < kDigits);
  CHECK(difference(w[2], {1.0024651037240069, 0.9975348962759929}) < kDigits);  // looks back
  CHECK(difference(w[3], {0.992473082430457, 1.0075269175695427}) < kDigits);
}

TEST_CASE("relobralo: draws of a seed look back so often; given ones are 0 or 1, one a step") {
  FusionSpec spec = with("relobralo", 2, {{"relobralo-alpha", 1.0}, {"relobralo-beta", 0.7}});
  // alpha 1, all losses as at first: what is kept stays, what looks back becomes 1, 1. Move it off
  // 1 by the second step and count the steps after which it is at balance(losses, first).
  const std::vector<Row> losses(2000, Row{1.0, 2.0});
  Fusion fusion(spec);
  int looked_back = 0;
  FusionState state = fusion.state();
  for (int t = 0; t < 2000; ++t) {
    fusion.step(losses[0]);
    FusionState now = fusion.state();
    now.rule[1] = 3.0;  // a mark on the weights
    fusion.load_state(now);
    if (t > 0 && fusion.step(losses[0]).weights[0] != 3.0) ++looked_back;
  }
  CHECK(std::abs(looked_back - 600) < 90);  // 4 standard deviations of 20.5
  spec.draws = {1.0, 0.5};
  Fusion half(spec);
  half.step(losses[0]);
  CHECK_THROWS_WITH_AS(half.step(losses[0]), Contains("the draw of step 1 is 0.5"), ValueError);
  spec.draws = {1.0};
  Fusion few(spec);
  few.step(losses[0]);
  CHECK_THROWS_WITH_AS(few.step(losses[0]),
                       Contains("1 draws were given: the rule takes 1 a step, and this is step 1"),
                       ValueError);
}

TEST_CASE("random: given draws are its normals") {
  FusionSpec spec = with("random", 2);
  spec.draws = {0.0, std::log(3.0), 1.0, 1.0};
  const auto w = trajectory_of(spec, {{1.0, 1.0}, {1.0, 1.0}});
  CHECK(difference(w[0], {0.25, 0.75}) < kDigits);
  CHECK(w[1] == Row{0.5, 0.5});
}

TEST_CASE("brdr: a loss above the root of its mean square gains") {
  const auto w = trajectory_of(with("brdr", 2, {{"brdr-beta-c", 0.9}, {"brdr-beta-w", 0.5}}));
  CHECK(difference(w[0], {0.9999999999999063, 1.0000000000000937}) < kDigits);
  CHECK(difference(w[1], {0.9767282838001565, 1.0232717161998435}) < kDigits);
  CHECK(difference(w[2], {1.0052185884464948, 0.9947814115535053}) < kDigits);
  CHECK(difference(trajectory_of(with("brdr", 2))[2], {0.9999838153899545, 1.0000161846100455}) <
        kDigits);
  CHECK(trajectory_of(with("brdr", 2), {{0.0, 0.0}, {0.0, 0.0}})[1] == Row{1.0, 1.0});
}

TEST_CASE("gls, inverse_loss, uwso: from this step's losses alone") {
  const std::vector<Row> two = {{0.5, 2.0}}, three = {{0.1, 0.2, 0.4}};
  // (0.5 * 2)^(1/2) / (2 L);  (0.008)^(1/3) / (3 L)
  CHECK(difference(trajectory_of(with("gls", 2), two)[0], {1.0, 0.25}) < kDigits);
  CHECK(difference(trajectory_of(with("gls", 3), three)[0], {2.0 / 3, 1.0 / 3, 1.0 / 6}) < kDigits);
  CHECK(difference(trajectory_of(with("inverse_loss", 2), two)[0], {0.8, 0.2}) < kDigits);
  CHECK(difference(trajectory_of(with("inverse_loss", 3), three)[0], {4.0 / 7, 2.0 / 7, 1.0 / 7}) <
        kDigits);
  // softmax(2, 0.5), then of a quarter of it
  CHECK(difference(trajectory_of(with("uwso", 2), two)[0],
                   {0.8175744761936437, 0.18242552380635632}) < kDigits);
  CHECK(difference(trajectory_of(with("uwso", 2, {{"uwso-temperature", 4.0}}), two)[0],
                   {0.5926665999540698, 0.4073334000459302}) < kDigits);
}

TEST_CASE("stch: both published forms") {
  // softmax(L / (2 mu)) / 2
  CHECK(difference(trajectory_of(with("stch", 2), {{0.5, 2.0}})[0],
                   {0.16041065041230348, 0.3395893495876965}) < kDigits);
  CHECK(difference(trajectory_of(with("stch", 2, {{"stch-mu", 0.1}}), {{0.5, 0.6}})[0],
                   {0.18877033439907276, 0.31122966560092724}) < kDigits);
  // Epochs of 2 steps, the nadir of epoch 1: (0.45, 1.1); 1 / L until it is over, then
  // 2 softmax(log(L / nadir) / 0.5) / L
  const auto w = trajectory_of(with(
      "stch", 2,
      {{"stch-form", std::string("libmtl")}, {"stch-mu", 0.5}, {"stch-warmup", std::int64_t{1}}}));
  CHECK(difference(w[0], {1.0, 0.5}) < kDigits);
  CHECK(difference(w[3], {2.5, 0.8333333333333334}) < kDigits);
  CHECK(difference(w[4], {2.6622662266226627, 0.891089108910891}) < kDigits);
  CHECK(difference(w[5], {3.9933993399339935, 1.3366336633663367}) < kDigits);
}

TEST_CASE("go4align: inverse losses by shares, alike within groups") {
  const std::vector<Row> losses = {{1.0, 2.0, 0.5}, {0.8, 1.9, 0.4}};
  // Raw 1.184, 0.536, 2.489, then 1.334, 0.455, 2.919: the first two are nearest.
  const auto w = trajectory_of(with("go4align", 3, {{"go4align-eta", 0.1}}), losses);
  CHECK(difference(w[0], {0.8598238963115518, 0.8598238963115518, 2.4893868539517974}) < kDigits);
  CHECK(difference(w[1], {0.8946582198993112, 0.8946582198993112, 2.9192962554663686}) < kDigits);
  for (const std::int64_t groups : {3, 9}) {  // each alone
    const auto alone = trajectory_of(
        with("go4align", 3, {{"go4align-eta", 0.1}, {"go4align-groups", groups}}), losses);
    CHECK(difference(alone[1], {1.3340179434581179, 0.45529849634050445, 2.9192962554663686}) <
          kDigits);
  }
  const auto together = trajectory_of(
      with("go4align", 3, {{"go4align-eta", 0.1}, {"go4align-groups", std::int64_t{1}}}), losses);
  const double mean = (1.1839890122221055 + 0.535658780400998 + 2.4893868539517974) / 3.0;
  CHECK(difference(together[0], {mean, mean, mean}) < kDigits);
}

TEST_CASE("uw, imtll: weights of a step come before what is learned from it, by Adam") {
  const auto uw = trajectory_of(with("uw", 2, {{"uw-lr", 0.1}}));
  CHECK(uw[0] == Row{0.5, 0.5});
  CHECK(difference(uw[1], {0.5, 0.45241870992281713}) < kDigits);
  CHECK(difference(uw[2], {0.5386261711453725, 0.4102458418096962}) < kDigits);
  const auto imtll = trajectory_of(with("imtll", 2, {{"imtll-lr", 0.1}}));
  CHECK(imtll[0] == Row{1.0, 1.0});
  CHECK(difference(imtll[1], {1.0, 0.904837418940797}) < kDigits);
  CHECK(difference(imtll[2], {1.0772523479576581, 0.8204916818968159}) < kDigits);
}

TEST_CASE("uw: the forms of others") {
  const auto of = [](const char* form, const std::vector<Row>& losses = kLosses) {
    return trajectory_of(with("uw", 2, {{"uw-lr", 0.1}, {"uw-form", std::string(form)}}), losses);
  };
  CHECK(of("torchjd") == trajectory_of(with("uw", 2, {{"uw-lr", 0.1}})));
  const auto libmtl = of("libmtl"), cov = of("cov"), automatic = of("automatic");
  CHECK(difference(libmtl[0], {0.8243606353500641, 0.8243606353500641}) < kDigits);
  CHECK(difference(libmtl[1], {0.745912351120274, 0.7459123494699765}) < kDigits);
  CHECK(difference(libmtl[2], {0.6847978267417443, 0.6757414897151267}) < kDigits);
  CHECK(cov[0] == Row{1.0, 1.0});
  CHECK(difference(cov[1], {1.0, 0.904837418940797}) < kDigits);
  CHECK(difference(cov[2], {1.0772523479576583, 0.8204916818968159}) < kDigits);
  CHECK(automatic[0] == Row{0.5, 0.5});
  CHECK(difference(automatic[1], {0.5, 0.41322314124718257}) < kDigits);
  CHECK(difference(automatic[2], {0.5836280374755446, 0.35247163166667794}) < kDigits);
  // A loss that is gone weighs at most e^10 times what it did.
  const auto gone = of("automatic", std::vector<Row>(200, Row{0.0, 1e9})).back();
  CHECK(difference({gone[0]}, {0.5 * std::exp(10.0)}) < kDigits);
  CHECK(gone[1] >= 0.5 * std::exp(-10.0) * (1.0 - kDigits));
  CHECK_THROWS_WITH_AS(of("kendall"),
                       Contains("[uw-form] got 'kendall', expected torchjd, libmtl, cov"),
                       ValueError);
}

TEST_CASE("uw, imtll: a loss that stays at 0 weighs at most e^10 times what it did at first") {
  const std::vector<Row> gone(200, Row{0.0, 1e9});
  const auto uw = trajectory_of(with("uw", 2, {{"uw-lr", 0.5}}), gone).back();
  CHECK(difference({uw[0]}, {0.5 * std::exp(10.0)}) < kDigits);
  CHECK(uw[1] >= 0.5 * std::exp(-10.0));
  const auto imtll = trajectory_of(with("imtll", 2, {{"imtll-lr", 0.5}}), gone).back();
  CHECK(difference({imtll[0]}, {std::exp(10.0)}) < kDigits);
  CHECK(imtll[1] >= std::exp(-10.0));
}

TEST_CASE("famo: TorchJD's first weights, then by what the updates lowered") {
  // z = 1/2 each, c = 4/3: c z / L = 2/3, 1/3; the objective's value is 0.462098
  const auto w = trajectory_of(with("famo", 2));
  CHECK(difference(w[0], {0.6666666655555555, 0.3333333344444444}) < kDigits);
  CHECK(w[0][1] * std::log(2.0) * 2.0 == doctest::Approx(0.462098).epsilon(1e-6));
  CHECK(difference(w[1], {0.6931734052565928, 0.30682659474340723}) < kDigits);
  CHECK(difference(w[2], {0.6560583450491915, 0.3439416549508085}) < kDigits);
  const auto gone = trajectory_of(with("famo", 2), {{0.0, 1.0}, {0.0, 0.0}, {0.0, 0.0}});
  CHECK(difference(gone[2], {0.5, 0.5}) < 0.1);  // finite, and near even again
}

TEST_CASE("ramps: from the initial weights to the final ones, which stay") {
  FusionSpec spec =
      with("linear_ramp", 2,
           {{"ramp-final", std::vector<double>{3.0, 2.0}}, {"ramp-steps", std::int64_t{4}}});
  spec.initial_weights = {1.0, 3.0};
  const auto line = trajectory_of(spec);  // the first loss: from 0.25 to 0.6
  spec.weighting = "cosine_ramp";
  const auto wave = trajectory_of(spec);
  const double lines[] = {0.25, 0.3375, 0.425, 0.5125, 0.6, 0.6};
  const double waves[] = {0.25, 0.30125631329235414, 0.425, 0.5487436867076459, 0.6, 0.6};
  for (std::size_t t = 0; t < 6; ++t) {
    CHECK(difference(line[t], {lines[t], 1.0 - lines[t]}) < kDigits);
    CHECK(difference(wave[t], {waves[t], 1.0 - waves[t]}) < kDigits);
  }
  spec.rule.set("ramp-final", std::vector<double>{});  // uniform
  CHECK(difference(trajectory_of(spec)[5], {0.5, 0.5}) < kDigits);
  spec.rule.set("ramp-final", std::vector<double>{1.0});
  CHECK_THROWS_WITH_AS(trajectory_of(spec),
                       Contains("[ramp-final] 1 weights for 2 losses: expected one a loss"),
                       ValueError);
}

TEST_CASE(
    "bayesian: forgetting takes a root of the posterior, a floor holds the weights alone up") {
  FusionSpec spec = with("bayesian", 2, {{"bayesian-forgetting", 0.5}});
  spec.history_size = 2;
  const std::vector<Row> losses = {{3, 1}, {2, 5}, {1, 2}, {4, 8}};
  const auto forgetful = trajectory_of(spec, losses);
  // q_k = 1 / (MAD + 1e-7) of both histories; prior = sqrt(posterior), scaled to sum 1
  CHECK(difference(forgetful[1], {0.5000000641454798, 0.49999993585452013}) < 1e-9);
  CHECK(difference(forgetful[2], {0.4706882310181698, 0.5293117689818302}) < 1e-9);
  CHECK(difference(forgetful[3], {0.5526744958906142, 0.44732550410938576}) < 1e-9);
  spec.rule.set("bayesian-floor", 0.46);
  const auto held = trajectory_of(spec, losses);
  CHECK(difference(held[2], forgetful[2]) < kDigits);
  const double sum = 0.5526744958906142 + 0.46;
  CHECK(difference(held[3], {0.5526744958906142 / sum, 0.46 / sum}) < 1e-9);
}

TEST_CASE("cov_weighting: a decay of 1 keeps the first step's means for good") {
  const auto w = trajectory_of(with("cov_weighting", 2, {{"cov-decay", 1.0}}),
                               {{4.0, 1.0}, {2.0, 1.0}, {1.0, 1.0}, {1.0, 1.0}});
  // The mean of the ratio stays 1, so nothing is added to the squares: (ratio - 1) (ratio - 1) is
  // (l - m)(l - m') with m' = m = 1. Of a: 0.25 after step 1; of b: 0.
  const double a = std::sqrt(0.25 / 2.0 + 1e-8), b = std::sqrt(1e-8);
  CHECK(difference(w[2], {a / (a + b), b / (a + b)}) < kDigits);
}

TEST_CASE(
    "rules on inverses and logarithms: a loss at 0 counts as 1e-8, a negative one is an error") {
  const std::string libmtl = "libmtl";
  for (const char* name : {"gls", "inverse_loss", "uwso", "stch", "go4align", "famo"}) {
    const std::string rule = name;
    CAPTURE(rule);
    FusionSpec spec = with(rule, 2, {{"stch-form", libmtl}});
    const auto at_zero = trajectory_of(spec, {{0.0, 1.0}})[0];
    if (rule != "famo") CHECK(at_zero == trajectory_of(spec, {{1e-8, 1.0}})[0]);
    for (const double w : at_zero) CHECK(std::isfinite(w));
    const Row all_zero = trajectory_of(spec, {{0.0, 0.0}})[0];
    CHECK(std::isfinite(all_zero[0]));
    CHECK(all_zero[0] == all_zero[1]);
    const std::string refused = "[" + rule + "] loss 1 is -0.5: expected >= 0";
    CHECK_THROWS_WITH_AS(trajectory_of(spec, {{1.0, -0.5}}), Contains(refused.c_str()),
                         NumericError);
  }
}

TEST_CASE("rules on losses: a sole loss, equal losses and losses of 0 have finite weights") {
  for (const RuleEntry& rule : loss_rules()) {
    CAPTURE(rule.name);
    const FusionSpec one = with(std::string(rule.name), 1), three = with(std::string(rule.name), 3);
    for (const double value : {1.0, 0.0, 1e-30, 1e30}) {
      for (const Row& w : trajectory_of(one, std::vector<Row>(9, Row{value}))) {
        CHECK(std::isfinite(w[0]));
        CHECK(w[0] > 0.0);
      }
      const auto equal = trajectory_of(three, std::vector<Row>(9, Row{value, value, value}));
      for (const Row& w : equal) {
        if (rule.name == "random") continue;
        CHECK(std::isfinite(w[0]));
        CHECK(w[0] == w[1]);
        CHECK(difference({w[1]}, {w[2]}) < 1e-15);
      }
    }
  }
}

}  // namespace dmf
