#include <doctest/doctest.h>

#include <cmath>

#include "engine/core/check.h"
#include "tests/losses/loss_values.h"

// Losses that are formulas of the sums of pixels, beside the paper's six.

namespace dmf {

using doctest::Approx;
using doctest::Contains;

TEST_CASE("generalised_dice: by hand, by either volume; an absent class weighs as the rarest") {
  const ThreePixels value;
  CHECK(value("generalised_dice") ==
        Approx(1 - 2 * (.8 + 1.5 / 4) / (2.3 + 3.7 / 4)).epsilon(1e-6));
  CHECK(value("generalised_dice", with("generalised-dice-weighting", std::string("inverse"))) ==
        Approx(1 - 2 * (.8 + 1.5 / 2) / (2.3 + 3.7 / 2)).epsilon(1e-6));
  CHECK(value("generalised_dice", kWeighted) ==
        Approx(1 - 2 * (2.4 + 1.5 / 4) / (6.9 + 3.7 / 4)).epsilon(1e-6));
  CHECK(value("generalised_dice", kLesionOnly) == Approx(1 - 1.6 / 2.3).epsilon(1e-6));
  std::vector<double> w(3);
  const std::vector<double> pixels = {4, 0, 2};
  class_balance_weights(ClassBalance::inverse_volume, pixels.data(), 3, w.data());
  CHECK(w == std::vector<double>{0.2, 0.4, 0.4});
  class_balance_weights(ClassBalance::inverse_square_volume, pixels.data(), 3, w.data());
  CHECK(w[0] == Approx(1.0 / 9));
  CHECK(w[1] == w[2]);
  // MONAI, tests/losses/test_generalized_dice_loss.py, its first case: one channel by a sigmoid.
  const auto logits =
      Tensor<double>::from(std::vector<double>{0, 1, 0, -1, 0, -1, 0, 1}, Shape{1, 2, 2, 2});
  const auto labels =
      Tensor<std::int32_t>::from(std::vector<std::int32_t>{1, 0, 1, 1}, Shape{1, 2, 2});
  CHECK(value_of("generalised_dice", logits, labels, kLesionOnly) ==
        Approx(0.307576).epsilon(1e-5));
}

TEST_CASE("log_cosh_dice: by hand") {
  const ThreePixels value;
  const double d1 = 1.6 / 2.3, d0 = 3.0 / 3.7;
  CHECK(value("log_cosh_dice") == Approx(std::log(std::cosh(1 - .5 * (d1 + d0)))).epsilon(1e-6));
  CHECK(value("log_cosh_dice", kWeighted) ==
        Approx(std::log(std::cosh(1 - .25 * (3 * d1 + d0)))).epsilon(1e-6));
  CHECK(value("log_cosh_dice", kLesionOnly) == Approx(std::log(std::cosh(1 - d1))).epsilon(1e-6));
}

TEST_CASE("focal_tversky: by hand; errors of its settings") {
  const ThreePixels value;
  const double m1 = 1 - .8 / (.8 + .15 + .14), m0 = 1 - 1.5 / (1.5 + .06 + .35);
  CHECK(value("focal_tversky") ==
        Approx(.5 * (std::pow(m1, .75) + std::pow(m0, .75))).epsilon(1e-6));
  CHECK(value("focal_tversky", with("focal-tversky-gamma", 2.0)) ==
        Approx(.5 * (std::sqrt(m1) + std::sqrt(m0))).epsilon(1e-6));
  CHECK(value("focal_tversky", kLesionOnly) == Approx(std::pow(m1, .75)).epsilon(1e-6));
  CHECK_THROWS_WITH_AS(with("focal-tversky-gamma", 0.0),
                       Contains("[focal-tversky-gamma] got 0, expected > 0"), ValueError);
  CHECK_THROWS_WITH_AS(with("focal-tversky-alpha", -1.0), Contains("expected >= 0"), ValueError);
}

TEST_CASE("unified_focal: by hand, in both forms; errors of its settings") {
  const ThreePixels value;
  const double m1 = 1 - .8 / (.8 + .12 + .2), m0 = 1 - 1.5 / (1.5 + .3 + .08);
  const double background = .4 * (std::sqrt(.4) * std::log(.6) + std::sqrt(.1) * std::log(.9));
  const double plain = -(.6 * std::log(.8) + background) / 3;
  const double focused = -(.6 * std::sqrt(.2) * std::log(.8) + background) / 3;
  CHECK(value("unified_focal") == Approx(.5 * plain + .25 * (std::sqrt(m1) + m0)).epsilon(1e-6));
  CHECK(value("unified_focal", with("unified-focal-form", std::string("symmetric"))) ==
        Approx(.5 * focused + .25 * (std::sqrt(m1) + std::sqrt(m0))).epsilon(1e-6));
  CHECK(value("unified_focal", with("unified-focal-weight", 1.0)) == Approx(plain).epsilon(1e-12));
  CHECK(value("unified_focal", kLesionOnly) ==
        Approx(.5 * plain + .5 * std::sqrt(m1)).epsilon(1e-6));
  CHECK_THROWS_WITH_AS(with("unified-focal-gamma", 1.0), Contains(">= 0 and < 1"), ValueError);
  CHECK_THROWS_WITH_AS(with("unified-focal-form", std::string("both")),
                       Contains("expected asymmetric or symmetric"), ValueError);
}

TEST_CASE(
    "mcc: by hand, of either class alike; 1 where a prediction says nothing, 2 at its worst") {
  const ThreePixels value;
  const double mcc = (.8 * 1.5 - .5 * .2) / std::sqrt(1.3 * 1.0 * 2.0 * 1.7);
  CHECK(value("mcc") == Approx(1 - mcc).epsilon(1e-6));
  CHECK(value("mcc", kLesionOnly) == Approx(1 - mcc).epsilon(1e-6));
  const auto flat = Tensor<double>::zeros(Shape{1, 1, 3, 2});
  CHECK(value_of("mcc", flat, value.labels) == Approx(1.0).epsilon(1e-6));
  const auto opposite =
      Tensor<std::int32_t>::from(std::vector<std::int32_t>{0, 1, 1}, Shape{1, 1, 3});
  CHECK(value_of("mcc", certain(opposite, 2), value.labels) == Approx(2.0).epsilon(1e-6));
  // Nearly all is taken for class 1: TN is 0 within rounding, on either side of it.
  for (int k = 0; k < 30; ++k) {
    auto sure = Tensor<float>::zeros(Shape{1, 1, 4, 2});
    for (Index i = 0; i < 4; ++i) {
      sure.data()[2 * i + 1] = i == 0 ? 200.0f : 16.0f + 0.1f * static_cast<float>(k);
    }
    auto one = Tensor<std::int32_t>::zeros(Shape{1, 1, 4});
    one.data()[0] = 1;
    const Variable<float> x(sure, true);
    const auto loss = evaluate_loss(*make_loss<float>("mcc"), x, Labels(one, 2));
    loss.backward();
    CHECK(std::isfinite(loss.value().item()));
    CHECK(std::isfinite(largest_magnitude(x.grad())));
  }
}

TEST_CASE("sensitivity_specificity: by hand; a class that fills the image has no specificity") {
  const ThreePixels value;
  CHECK(value("sensitivity_specificity") ==
        Approx(.5 * (.05 * .2 + .95 * .25 + .05 * .25 + .95 * .2)).epsilon(1e-12));
  CHECK(value("sensitivity_specificity", kLesionOnly) ==
        Approx(.05 * .2 + .95 * .25).epsilon(1e-12));
  CHECK(value("sensitivity_specificity", with("sensitivity-specificity-ratio", 1.0)) ==
        Approx(.5 * (.2 + .25)).epsilon(1e-12));
  const auto one = Tensor<std::int32_t>::full(Shape{1, 1, 3}, 1);  // p of it .8, .4, .1
  CHECK(value_of("sensitivity_specificity", value.logits, one) ==
        Approx(.5 * (.05 * 1.7 / 3 + .95 * 1.7 / 3)).epsilon(1e-12));
  CHECK_THROWS_WITH_AS(with("sensitivity-specificity-ratio", 1.5), Contains(">= 0 and <= 1"),
                       ValueError);
}

TEST_CASE("poly1: by hand; epsilon 0 is cross-entropy, -1 its least") {
  const ThreePixels value;
  const double cce = -(std::log(.8) + std::log(.6) + std::log(.9)) / 3;
  CHECK(value("poly1") == Approx(cce + 2 * (.2 + .4 + .1) / 3).epsilon(1e-12));
  CHECK(value("poly1", with("poly1-epsilon", 0.0)) == value("cce"));
  CHECK(value("poly1", kWeighted) ==
        Approx((-3 * std::log(.8) - std::log(.6) - std::log(.9) + 2 * (3 * .2 + .4 + .1)) / 5)
            .epsilon(1e-12));
  const Labels none(Tensor<std::int32_t>::full(Shape{1, 1, 3}, 5), 2, 5);
  CHECK(value_of("poly1", value.logits, none) == 0.0);
  CHECK_THROWS_WITH_AS(with("poly1-epsilon", -1.5), Contains("got -1.5, expected >= -1"),
                       ValueError);
}

}  // namespace dmf
