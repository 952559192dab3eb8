#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "dmf/gram_rules/solvers.h"
#include "tests/dmf/gram_rule_steps.h"

// What others publish of every rule on gradients, and what its formula gives where nobody does: by
// another program (NumPy, float64; quadratic programs by trying every set of bounds), never by the
// code under test.

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

/// Three losses without a conflict, of very different lengths, and three with one.
const Gram kAgreeing = gram_of({{1, .18, .03}, {.18, .04, .007}, {.03, .007, .0025}});
const Gram kConflicting = gram_of({{1, -.35, .08}, {-.35, .49, .084}, {.08, .084, .16}});

struct Published {
  const char* rule;
  Row torchjd, agreeing, conflicting;
};
const Published kPublished[] = {
    {"upgrad", {1.110921, 0.789431}, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {.449981, .571348, .333333}},
    {"dualproj", {0.610921, 0.5}, {1.0 / 3, 1.0 / 3, 1.0 / 3}, {1.0 / 3, 1.0 / 3, 1.0 / 3}},
    {"mgda", {0.6, 0.4}, {0, 0, 1}, {.183578, .292518, .523904}},
    {"pcgrad", {2.222222, 1.578947}, {1, 1, 1}, {1.35, 1.714286, 1}},
    {"gradvac", {2.222222, 1.578947}, {1, 1, 1}, {1.35, 1.714286, 1}},
    {"imtlg", {0.592330, 0.407670}, {.047619, 0, .952381}, {.411765, .588235, 0}},
    {"aligned", {0.559072, 0.408261}, {-.007072, .069320, .272341}, {.131930, .174154, .207431}},
    {"cagrad", {0.704124, 0.5}, {.333333, .333333, 4.383711}, {.333333, .477160, .663072}},
    {"config", {1.226483, 0.844124}, {.625, 0, 12.5}, {1.05, 1.5, 0}},
    {"nash", {0.418226, 0.287843}, {.364676, 1.751369, 7.804412}, {.726978, 1.010238, 1.064055}},
};

/// Of so many random gradients of 5 numbers each.
Gram random_gram(std::size_t losses, std::uint64_t seed, double scale = 1.0) {
  std::mt19937_64 generator(seed);
  std::vector<Row> gradients(losses, Row(5));
  for (Row& gradient : gradients) {
    for (double& x : gradient) {
      x = scale * (static_cast<double>(generator() >> 11) * 0x1p-52 - 1.0);
    }
  }
  Gram gram(losses);
  for (std::size_t i = 0; i < losses; ++i) {
    for (std::size_t j = 0; j < losses; ++j) gram(i, j) = dot(gradients[i], gradients[j]);
  }
  return gram;
}

}  // namespace

TEST_CASE("gram rules: published values, to their digits") {
  for (const Published& each : kPublished) {
    CAPTURE(each.rule);
    CHECK(largest_error(weights(each.rule, kTorchJd), each.torchjd) < 6e-7);
    CHECK(largest_error(weights(each.rule, kAgreeing), each.agreeing) < 6e-7);
    CHECK(largest_error(weights(each.rule, kConflicting), each.conflicting) < 6e-7);
  }
}

TEST_CASE("gram rules: the summed gradients that TorchJD publishes") {
  const std::vector<std::pair<const char*, Row>> sums = {{"upgrad", {.2929, 1.9004, 1.9004}},
                                                         {"dualproj", {.5563, 1.1109, 1.1109}},
                                                         {"mgda", {0, 1, 1}},
                                                         {"pcgrad", {.5848, 3.8012, 3.8012}},
                                                         {"imtlg", {.0767, 1, 1}},
                                                         {"aligned", {.2133, .9673, .9673}},
                                                         {"cagrad", {.1835, 1.2041, 1.2041}},
                                                         {"config", {.1588, 2.0706, 2.0706}},
                                                         {"nash", {.0542, .7061, .7061}}};
  for (const auto& [name, sum] : sums) {
    const std::string rule = name;
    CAPTURE(rule);
    const Row w = weights(rule, kTorchJd);
    CHECK(largest_error({-4 * w[0] + 6 * w[1], w[0] + w[1], w[0] + w[1]}, sum) < 1e-4);
  }
}

TEST_CASE("gram rules: more digits of those that are the solution of an equation") {
  constexpr double kDigits = 1e-12;
  CHECK(difference(weights("nash", kTorchJd), {0.41822619154979473, 0.2878430059748589}) < kDigits);
  CHECK(difference(weights("nash", kAgreeing),
                   {0.3646755848482487, 1.7513693374770767, 7.804412100241302}) < kDigits);
  CHECK(difference(weights("nash", kConflicting),
                   {0.7269781341253156, 1.01023845387659, 1.06405485442766}) < kDigits);
  CHECK(difference(weights("upgrad", kTorchJd), {1.1109210467854445, 0.7894310312164523}) <
        kDigits);
  CHECK(difference(weights("upgrad", kConflicting),
                   {0.449980753175726, 0.5713484234900492, 1.0 / 3}) < kDigits);
  CHECK(difference(weights("mgda", kConflicting),
                   {0.18357821271837324, 0.29251795811009623, 0.5239038291715303}) < kDigits);
}

TEST_CASE("fairgrad: G w = w^(-1 / alpha); without products w = |g|^(-2 alpha / (1 + alpha))") {
  constexpr double kDigits = 1e-12;
  const auto fair = [](const Gram& gram, double alpha) {
    return weights("fairgrad", gram, {{"fairgrad-alpha", alpha}});
  };
  CHECK(difference(weights("fairgrad", kTorchJd), {0.5914611522293678, 0.4070714828838854}) <
        kDigits);
  CHECK(difference(fair(kTorchJd, 0.5), {0.7428282517493882, 0.5253926087030509}) < kDigits);
  CHECK(difference(fair(kTorchJd, 2.0), {0.4713629223235374, 0.3194542281854952}) < kDigits);
  CHECK(difference(fair(kAgreeing, 0.5),
                   {0.8620484631603709, 1.945802437042994, 4.445703484963686}) < kDigits);
  CHECK(difference(fair(kAgreeing, 2.0),
                   {0.19505005172644196, 3.8410069799360773, 45.92773961044351}) < kDigits);
  CHECK(difference(fair(kConflicting, 2.0),
                   {1.3720903622975722, 2.0161063594388633, 2.340668395296761}) < kDigits);
  CHECK(difference(fair(gram_of({{4, 0}, {0, .25}}), 2.0),
                   {0.39685026299204984, 2.519842099789746}) < kDigits);
}

TEST_CASE("mgda: its normalisers and its exact minimum") {
  constexpr double kDigits = 1e-12;
  const Row losses = {.5, .2, .1};
  const auto normalised = [&](const char* by) {
    return weights("mgda", kConflicting, {{"mgda-normalise", std::string(by)}}, losses);
  };
  CHECK(difference(normalised("l2"),
                   {0.4757204667748583, 0.6783758679574178, 0.12354106413737377}) < kDigits);
  CHECK(difference(normalised("loss"),
                   {1.3351576582007663, 1.5843073653152866, 0.15559697836559333}) < kDigits);
  CHECK(difference(normalised("loss+"),
                   {1.5331483512541084, 1.6382592839357526, 0.1017381155485117}) < kDigits);
  const Set exact = {{"mgda-exact", true}};
  CHECK(difference(weights("mgda", kTorchJd, exact), {0.6, 0.4}) < kDigits);
  CHECK(weights("mgda", kAgreeing, exact) == Row{0, 0, 1});
  CHECK(difference(weights("mgda", kConflicting, exact),
                   {0.18353500577542028, 0.2924717677271759, 0.5239932264974038}) < kDigits);
  CHECK_THROWS_WITH_AS(
      weights("mgda", kTorchJd, {{"mgda-normalise", std::string("loss")}}, {1.0, -1.0}),
      Contains("[mgda] loss 1 is -1: expected >= 0"), NumericError);
}

TEST_CASE("aligned: the length of the components; cagrad: c = 0 is the mean; dbmtl: by hand") {
  CHECK(difference(weights("aligned", kConflicting, {{"aligned-scale", std::string("median")}}),
                   {0.25318818414759003, 0.3342199889574519, 0.39808228950364866}) < 1e-12);
  CHECK(difference(weights("aligned", kConflicting, {{"aligned-scale", std::string("rmse")}}),
                   {0.30856040573861243, 0.4073138552885645, 0.48514283231716443}) < 1e-12);
  CHECK(weights("cagrad", kTorchJd, {{"cagrad-c", 0.0}}) == Row{0.5, 0.5});
  // |u| = 1 / 0.5 = 2 and 0.2 / 0.1 = 2, but for the 1e-8; 2 / |g|
  const Gram gram = gram_of({{1, .1}, {.1, .04}});
  CHECK(difference(weights("dbmtl", gram, {}, {.5, .1}), {1.99999996, 9.9999998}) < 1e-9);
  CHECK(weights("dbmtl", gram, {}, {0.0, 1.0})[0] == Approx(1e8));
  CHECK_THROWS_WITH_AS(weights("dbmtl", gram, {}, {1.0, -1.0}),
                       Contains("[dbmtl] loss 1 is -1: expected >= 0"), NumericError);
}

TEST_CASE("gradnorm: by hand over three steps") {
  const std::vector<Row> losses = {{1.0, 2.0}, {0.8, 1.9}, {0.5, 1.0}};
  const std::vector<Gram> grams = {gram_of({{1, 0}, {0, .25}}), gram_of({{.81, 0}, {0, .16}}),
                                   gram_of({{.49, 0}, {0, .09}})};
  const auto w = trajectory(with("gradnorm", 2), gram_rules(), losses, grams);
  CHECK(w[0] == Row{1.0, 1.0});
  CHECK(difference(w[1], {0.9750000003718751, 1.0249999996281252}) < 1e-12);
  CHECK(difference(w[2], {0.9501951306343304, 1.0498048693656696}) < 1e-12);
  // Long pushed to the bound, a weight stays at 0 or above and comes back.
  const std::vector<Gram> uneven(400, gram_of({{1e6, 0}, {0, 1e-6}}));
  const auto far =
      trajectory(with("gradnorm", 2), gram_rules(), std::vector<Row>(400, Row{0.0, 0.0}), uneven);
  CHECK(far.back()[0] >= 0.0);
  CHECK(far.back()[0] < 0.1);
  CHECK(far.back()[0] + far.back()[1] == Approx(2.0));
}

TEST_CASE("gradvac: a first step is pcgrad's; then cosines are held to their average") {
  // Cosine 0.8, whose average is 0.4 after it; then 0.1, which is below
  const std::vector<Gram> grams = {gram_of({{1, .8}, {.8, 1}}), gram_of({{4, .2}, {.2, 1}})};
  const auto w = trajectory(with("gradvac", 2), gram_rules(), {{1, 1}, {1, 1}}, grams);
  CHECK(w[0] == Row{1.0, 1.0});
  CHECK(difference(w[1], {1.1671240593367238, 1.6684962373468952}) < 1e-12);
  CHECK(trajectory(with("gradvac", 2, {{"gradvac-beta", 0.0}}), gram_rules(), {{1, 1}, {1, 1}},
                   grams)[1] == Row{1.0, 1.0});
  // An average of 1 asks for parallel gradients, which no sum of the two is.
  CHECK(trajectory(with("gradvac", 2, {{"gradvac-beta", 1.0}}), gram_rules(), {{1, 1}, {1, 1}},
                   {gram_of({{1, 1}, {1, 1}}), grams[1]})[1] == Row{1.0, 1.0});
}

TEST_CASE(
    "gram rules: upgrad and dualproj raise no loss; imtlg, config, mgda by their definition") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::size_t K = 2 + seed % 4;
    const Gram gram = random_gram(K, seed);
    for (const char* rule : {"upgrad", "dualproj"}) {
      const Row along = times(gram, weights(rule, gram));
      for (const double each : along) CHECK(each >= -4e-4 * trace(gram));
    }
    const Row projections = times(gram, weights("imtlg", gram));
    const Row config = weights("config", gram), cosines = times(gram, config);
    for (std::size_t k = 1; k < K; ++k) {
      CHECK(projections[k] / gram.norm(k) == Approx(projections[0] / gram.norm(0)).epsilon(1e-6));
      CHECK(cosines[k] / gram.norm(k) == Approx(cosines[0] / gram.norm(0)).epsilon(1e-6));
    }
    const Row nash = weights("nash", gram, {{"nash-max-norm", 0.0}}), bargain = times(gram, nash);
    for (std::size_t k = 1; k < K; ++k) {
      CHECK(bargain[k] * nash[k] == Approx(bargain[0] * nash[0]).epsilon(1e-10));
    }
    // The shortest mean has no smaller product with any gradient than with itself.
    const Row mgda = weights("mgda", gram, {{"mgda-exact", true}}), products = times(gram, mgda);
    double sum = 0.0;
    for (std::size_t k = 0; k < K; ++k) {
      CHECK(products[k] >= squared_length(gram, mgda) - 1e-12);
      CHECK(mgda[k] >= 0.0);
      sum += mgda[k];
    }
    CHECK(sum == Approx(1.0).epsilon(1e-14));
  }
}

TEST_CASE("cagrad: no weights on the simplex are better, and the conditions of the best hold") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::size_t K = 2 + seed % 4;
    const Gram gram = scaled(random_gram(K, seed), 1.0 / trace(random_gram(K, seed)));
    const Row mean(K, 1.0 / static_cast<double>(K)), along = times(gram, mean);
    const double phi = 0.5 * std::sqrt(dot(mean, along));
    Row w = weights("cagrad", gram);
    double sum = 0.0;
    for (std::size_t k = 0; k < K; ++k) sum += w[k] -= mean[k];
    if (!(sum > 0.0)) continue;  // no direction
    for (double& each : w) each /= sum;
    const double length = std::sqrt(squared_length(gram, w));
    CHECK(sum == Approx(phi / length).epsilon(1e-9));
    const Row slope = times(gram, w);
    const double level = dot(along, w) + phi * length;
    for (std::size_t k = 0; k < K; ++k) {
      const double at_k = along[k] + phi * slope[k] / length;
      CHECK(at_k >= level - 1e-10);
      if (w[k] > 1e-9) CHECK(at_k == Approx(level).epsilon(1e-9));
    }
  }
}

TEST_CASE("gram rules: another order of the losses gives the same weights in that order") {
  for (const RuleEntry& entry : gram_rules()) {
    if (entry.name == "pcgrad" || entry.name == "gradvac") continue;  // which go by the order
    CAPTURE(entry.name);
    const std::string rule(entry.name);
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const Gram gram = random_gram(4, seed);
      const Row losses = {.1, .7, .3, 2.0};
      const std::size_t order[] = {2, 0, 3, 1};
      Gram moved(4);
      Row moved_losses(4), expected(4);
      const Row w = weights(rule, gram, {}, losses);
      for (std::size_t i = 0; i < 4; ++i) {
        moved_losses[i] = losses[order[i]];
        expected[i] = w[order[i]];
        for (std::size_t j = 0; j < 4; ++j) moved(i, j) = gram(order[i], order[j]);
      }
      CHECK(largest_error(weights(rule, moved, {}, moved_losses), expected) < 5e-7);
    }
  }
}

TEST_CASE("gram rules: finite whatever the gradients' scale, and as they should be under it") {
  // weights(s G) = s^power weights(G), in the lengths of the gradients
  const std::vector<std::pair<std::string, double>> powers = {
      {"gradnorm", 0}, {"mgda", 0},   {"imtlg", 0},    {"aligned", 0},
      {"cagrad", 0},   {"config", 0}, {"dbmtl", 0},    {"pcgrad", 0},
      {"gradvac", 0},  {"upgrad", 0}, {"dualproj", 0}, {"fairgrad", -1}};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Gram gram = random_gram(3, seed);
    for (const double scale : {1e-10, 1e-5, 1e3, 1e15}) {
      CAPTURE(scale);
      for (const auto& [name, power] : powers) {
        const std::string rule = name;
        CAPTURE(rule);
        const Row w = weights(rule, gram), at_scale = weights(rule, scaled(gram, scale * scale));
        for (std::size_t k = 0; k < 3; ++k) {
          CHECK(at_scale[k] == Approx(std::pow(scale, power) * w[k]).epsilon(1e-7));
        }
      }
      const Gram far = scaled(gram, scale * scale);
      const Row nash = weights("nash", far);
      CHECK(std::isfinite(nash[0]));
      CHECK(squared_length(far, nash) <= 1.0 + 1e-12);
    }
  }
}

TEST_CASE("gram rules: a sole loss, equal gradients, none, and gradients that oppose each other") {
  const Gram one = gram_of({{4.0}}), none = gram_of({{0, 0}, {0, 0}});
  const Gram equal = gram_of({{2, 2, 2}, {2, 2, 2}, {2, 2, 2}});
  const Gram opposed = gram_of({{1, -1}, {-1, 1}}), half = gram_of({{1, 0}, {0, 0}});
  const std::vector<std::pair<std::string, Row>> opposed_weights = {
      {"gradnorm", {1, 1}},  {"mgda", {.5, .5}}, {"imtlg", {0, 0}},   {"aligned", {0, 0}},
      {"cagrad", {0, 0}},    {"nash", {0, 0}},   {"config", {0, 0}},  {"dbmtl", {1, 1}},
      {"fairgrad", {0, 0}},  {"pcgrad", {2, 2}}, {"gradvac", {2, 2}}, {"upgrad", {1, 1}},
      {"dualproj", {.5, .5}}};
  CHECK(opposed_weights.size() == gram_rules().size());
  for (const auto& [name, expected] : opposed_weights) {
    const std::string rule = name;
    CAPTURE(rule);
    CHECK(weights(rule, none) == Row{0, 0});
    const Row sole = weights(rule, one);
    // A sole loss has weight 1, nash's is of length 1, fairgrad's 4 w = 1 / w, cagrad's 1 + c
    const double alone = rule == "nash" || rule == "fairgrad" ? 0.5 : rule == "cagrad" ? 1.5 : 1.0;
    CHECK(sole[0] == Approx(alone));
    const Row same = weights(rule, equal);
    const bool vertex = rule == "mgda" || rule == "cagrad";  // any point of the hull will do
    for (const double w : same) {
      CHECK(std::isfinite(w));
      if (!vertex) CHECK(w == Approx(same[0]));
    }
    CHECK(largest_error(weights(rule, opposed, {}, {1.0, 1.0}), expected) < 1e-3);
    for (const double w : weights(rule, half)) CHECK(std::isfinite(w));
  }
  // Of a loss without a gradient: no weight where it would be divided by its length, all for the
  // shortest mean.
  for (const char* rule : {"imtlg", "config", "dbmtl", "nash", "fairgrad"}) {
    CAPTURE(rule);
    CHECK(difference(weights(rule, half), {1, 0}) < 1.1e-8);  // dbmtl: its 1e-8
  }
  for (const bool exact : {false, true}) {
    CHECK(weights("mgda", half, {{"mgda-exact", exact}}) == Row{0, 1});
  }
}

}  // namespace dmf
