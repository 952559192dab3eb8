#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "engine/core/check.h"
#include "engine/ops/elementwise.h"
#include "losses/registry.h"
#include "tests/support/gradcheck.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

double value_of(const std::string& name, const Tensor<double>& logits,
                const Tensor<std::int32_t>& labels, const LossSettings& settings = {}) {
  Prediction<double> prediction(Variable<double>(logits), labels);
  return (*make_loss<double>(name, settings))(prediction).value().item();
}

/// Logits that put all probability on the labels.
Tensor<double> certain(const Tensor<std::int32_t>& labels, Index C, double size = 50.0) {
  Tensor<double> logits =
      Tensor<double>::zeros(Shape{labels.size(0), labels.size(1), labels.size(2), C});
  for (Index i = 0; i < labels.numel(); ++i) logits.data()[i * C + labels.data()[i]] = size;
  return logits;
}

/// Settings that differ from the defaults in everything a loss knows.
LossSettings unusual(Index C) {
  LossSettings s;
  s.common.per_image = true;
  s.common.ignore_index = 1;
  s.common.class_weights.clear();
  for (Index c = 0; c < C; ++c)
    s.common.class_weights.push_back(1.0 + 0.5 * static_cast<double>(c));
  s.focal_gamma = 1.5;
  s.focal_alpha = std::vector<double>(static_cast<std::size_t>(C), 0.3);
  s.tversky_alpha = 0.4;
  s.smooth_nr = 0.5;
  s.smooth_dr = 0.7;
  s.cb_dice_balance = ClassBalance::inverse_frequency;
  return s;
}

}  // namespace

TEST_CASE("gradients: every loss, with default and with unusual options") {
  for (const std::string& name : loss_names()) {
    for (const bool plain : {true, false}) {
      Rng rng(31);
      const Shape shape{2, 3, 4, 3};
      std::vector<Variable<double>> inputs = {
          Variable<double>(random_tensor<double>(shape, rng, -2, 2), true)};
      const auto labels = random_labels(Shape{2, 3, 4}, 3, rng);
      const auto loss = make_loss<double>(name, plain ? LossSettings{} : unusual(3));
      const auto result = gradcheck(name, inputs, [&] {
        Prediction<double> prediction(inputs[0], labels);
        return (*loss)(prediction);
      });
      CHECK_MESSAGE(result.failure.empty(), result.failure);
    }
  }
}

TEST_CASE(
    "losses: each of the six moves the network: a gradient that is not zero on a random batch") {
  for (const std::string& name : loss_names()) {
    Rng rng(32);
    const Variable<float> logits(random_tensor<float>(Shape{2, 8, 8, 2}, rng), true);
    Prediction<float> prediction(logits, random_labels(Shape{2, 8, 8}, 2, rng));
    (*make_loss<float>(name, {}))(prediction).backward();
    CHECK_MESSAGE(largest_magnitude(logits.grad()) > 1e-6, name);
  }
}

TEST_CASE("losses: zero at a perfect prediction, in range, invariant to the order of the batch") {
  for (const std::string& name : loss_names()) {
    CAPTURE(name);
    Rng rng(33);
    const auto labels = random_labels(Shape{2, 4, 4}, 2, rng);
    CHECK(value_of(name, certain(labels, 2), labels) == Approx(0.0).epsilon(1e-7));
    const auto logits = random_tensor<double>(Shape{2, 4, 4, 2}, rng);
    const double value = value_of(name, logits, labels);
    CHECK(value > 0.0);
    if (name != "cce" && name != "focal") CHECK(value <= 1.0);
    Tensor<double> swapped(logits.shape());
    Tensor<std::int32_t> swapped_labels(labels.shape());
    for (Index n = 0; n < 2; ++n) {
      std::copy_n(logits.data() + n * 32, 32, swapped.data() + (1 - n) * 32);
      std::copy_n(labels.data() + n * 16, 16, swapped_labels.data() + (1 - n) * 16);
    }
    CHECK(value_of(name, swapped, swapped_labels) == Approx(value).epsilon(1e-13));
  }
}

TEST_CASE("losses: huge logits, one pixel, an absent class and only background stay finite") {
  for (const std::string& name : loss_names()) {
    CAPTURE(name);
    const auto finite = [&](const Tensor<double>& logits, const Tensor<std::int32_t>& labels) {
      const Variable<double> x(logits, true);
      Prediction<double> prediction(x, labels);
      const auto loss = (*make_loss<double>(name, {}))(prediction);
      loss.backward();
      CHECK(std::isfinite(loss.value().item()));
      CHECK(std::isfinite(largest_magnitude(x.grad())));
    };
    const auto one = Tensor<std::int32_t>::full(Shape{1, 1, 1}, 1);
    finite(Tensor<double>::full(Shape{1, 1, 1, 3}, 0.0), one);
    Tensor<double> wrong = Tensor<double>::full(Shape{1, 1, 1, 2}, 1e4);
    wrong.data()[1] = -1e4;  // certain, and wrong
    finite(wrong, one);
    Rng rng(34);
    const auto background = Tensor<std::int32_t>::zeros(Shape{1, 3, 3});
    finite(random_tensor<double>(Shape{1, 3, 3, 2}, rng), background);
  }
}

TEST_CASE("losses: values computed by hand on two pixels") {
  // p(class 1) = 0.8 where the label is 1, 0.4 where it is 0.
  const std::vector<double> logits = {std::log(0.2), std::log(0.8), std::log(0.6), std::log(0.4)};
  const auto x = Tensor<double>::from(logits, Shape{1, 1, 2, 2});
  const std::vector<std::int32_t> truth = {1, 0};
  const auto t = Tensor<std::int32_t>::from(truth, Shape{1, 1, 2});
  CHECK(value_of("cce", x, t) == Approx(-0.5 * (std::log(0.8) + std::log(0.6))).epsilon(1e-12));
  CHECK(value_of("focal", x, t) ==
        Approx(-0.5 * 0.25 * (0.04 * std::log(0.8) + 0.16 * std::log(0.6))).epsilon(1e-12));
  // class 1: TP .8 FP .4 FN .2;  class 0: TP .6 FP .2 FN .4
  CHECK(value_of("mean_iou", x, t) == Approx(1 - 0.5 * (0.8 / 1.4 + 0.6 / 1.2)).epsilon(1e-6));
  const double d1 = 1.6 / 2.2, d0 = 1.2 / 1.8;
  CHECK(value_of("mean_dice", x, t) == Approx(1 - 0.5 * (d1 + d0)).epsilon(1e-6));
  CHECK(value_of("cb_dice", x, t) == Approx(1 - 0.5 * (d1 + d0)).epsilon(1e-6));
  CHECK(value_of("tversky", x, t) ==
        Approx(1 - 0.5 * (0.8 / (0.8 + 0.28 + 0.06) + 0.6 / (0.6 + 0.14 + 0.12))).epsilon(1e-6));
  LossSettings lesion_only;
  lesion_only.common.include_background = false;
  CHECK(value_of("mean_dice", x, t, lesion_only) == Approx(1 - d1).epsilon(1e-6));
  CHECK(value_of("cce", x, t, lesion_only) == value_of("cce", x, t));  // count-based losses alone
  LossSettings weighted;
  weighted.common.class_weights = {1.0, 3.0};
  CHECK(value_of("cce", x, t, weighted) ==
        Approx(-(3 * std::log(0.8) + std::log(0.6)) / 4).epsilon(1e-12));
  CHECK(value_of("mean_dice", x, t, weighted) == Approx(1 - (3 * d1 + d0) / 4).epsilon(1e-6));
  LossSettings ignoring;
  ignoring.common.ignore_index = 0;
  CHECK(value_of("cce", x, t, ignoring) == Approx(-std::log(0.8)).epsilon(1e-12));
}

TEST_CASE("losses: per image is the mean of each image's loss; all pixels ignored gives 0") {
  Rng rng(35);
  const auto logits = random_tensor<double>(Shape{2, 3, 3, 2}, rng);
  const auto labels = random_labels(Shape{2, 3, 3}, 2, rng);
  LossSettings per_image;
  per_image.common.per_image = true;
  for (const std::string& name : loss_names()) {
    double sum = 0.0;
    for (Index n = 0; n < 2; ++n) {
      Tensor<double> one(Shape{1, 3, 3, 2});
      Tensor<std::int32_t> one_labels(Shape{1, 3, 3});
      std::copy_n(logits.data() + n * 18, 18, one.data());
      std::copy_n(labels.data() + n * 9, 9, one_labels.data());
      sum += value_of(name, one, one_labels);
    }
    CHECK(value_of(name, logits, labels, per_image) == Approx(0.5 * sum).epsilon(1e-12));
  }
  LossSettings ignoring;
  ignoring.common.ignore_index = 5;
  CHECK(value_of("cce", logits, Tensor<std::int32_t>::full(Shape{2, 3, 3}, 5), ignoring) == 0.0);
}

TEST_CASE("cb_dice: weights by complement and by inverse frequency") {
  const auto weights = [](const std::vector<double>& pixels, ClassBalance balance) {
    std::vector<double> w(pixels.size());
    class_balance_weights(balance, pixels.data(), static_cast<Index>(w.size()), w.data());
    return w;
  };
  CHECK(weights({75, 25}, ClassBalance::complement) == std::vector<double>{0.25, 0.75});
  CHECK(weights({75, 25}, ClassBalance::inverse_frequency)[1] == Approx(0.75));
  CHECK(weights({50, 25, 25}, ClassBalance::complement)[0] == Approx(0.25));
  CHECK(weights({50, 25, 25}, ClassBalance::inverse_frequency)[0] == Approx(0.2));
  CHECK(weights({10, 0}, ClassBalance::complement) == std::vector<double>{0.0, 1.0});
  CHECK(weights({10, 0, 0}, ClassBalance::inverse_frequency) == std::vector<double>{0.0, 0.5, 0.5});
}

TEST_CASE("losses: errors name the option and the label") {
  const auto logits = Tensor<double>::zeros(Shape{1, 2, 2, 2});
  auto labels = Tensor<std::int32_t>::zeros(Shape{1, 2, 2});
  CHECK_THROWS_WITH_AS(make_loss<double>("dice", {}),
                       Contains("unknown loss 'dice': expected one of cce, mean_iou"), ValueError);
  LossSettings s;
  const double inf = std::numeric_limits<double>::infinity();
  for (const std::string& name : loss_names()) {
    s.common.class_weights = {1.0};
    CHECK_THROWS_WITH_AS(value_of(name, logits, labels, s),
                         Contains("1 class weights for 2 classes"), ShapeError);
    s.common.class_weights = {0.0, 0.0};
    CHECK_THROWS_WITH_AS(value_of(name, logits, labels, s), Contains("nothing is left to train on"),
                         ValueError);
    for (const double wrong : {-0.5, inf, std::nan("")}) {
      s.common.class_weights = {1.0, wrong};
      CHECK_THROWS_WITH_AS(value_of(name, logits, labels, s),
                           Contains("expected a finite number >= 0"), ValueError);
    }
  }
  s = {};
  s.focal_gamma = -1;
  CHECK_THROWS_WITH_AS(make_loss<double>("focal", s), Contains("[focal] gamma -1"), ValueError);
  s = {};
  s.focal_alpha = {0.1, 0.2, 0.3};
  CHECK_THROWS_WITH_AS(value_of("focal", logits, labels, s), Contains("3 alphas"), ShapeError);
  s = {};
  s.tversky_beta = -0.1;
  CHECK_THROWS_WITH_AS(make_loss<double>("tversky", s), Contains("[tversky] alpha 0.7, beta -0.1"),
                       ValueError);
  labels.data()[2] = 2;
  for (const std::string& name : loss_names()) {
    CHECK_THROWS_WITH_AS(value_of(name, logits, labels),
                         Contains("label 2 at pixel 2: expected 0 to 1"), ValueError);
  }
  CHECK_THROWS_WITH_AS(
      Prediction<double>(Variable<double>(logits), Tensor<std::int32_t>::zeros(Shape{1, 2})),
      Contains("[loss] logits [1, 2, 2, 2] and target [1, 2]"), ShapeError);
}

}  // namespace dmf
