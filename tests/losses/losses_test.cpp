#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "engine/core/check.h"
#include "engine/ops/elementwise.h"
#include "losses/overlap/cb_dice.h"
#include "losses/overlap/mean_iou.h"
#include "losses/overlap/tversky.h"
#include "tests/losses/loss_values.h"
#include "tests/support/gradcheck.h"

namespace dmf {
using doctest::Approx;
using doctest::Contains;

TEST_CASE("gradients: every loss, with default and with unusual options") {
  for (const std::string& name : names_of(losses())) {
    for (const bool plain : {true, false}) {
      Rng rng(31);
      const Shape shape{2, 3, 4, 3};
      std::vector<Variable<double>> inputs = {
          Variable<double>(random_tensor<double>(shape, rng, -2, 2), true)};
      const Labels labels(random_labels(Shape{2, 3, 4}, 3, rng), 3, plain ? kNoIgnore : 1);
      const auto loss = make_loss<double>(name, plain ? loss_settings() : unusual(3));
      const Reduction reduction = plain ? Reduction::batch : Reduction::image;
      const auto result = gradcheck(
          name, inputs, [&] { return evaluate_loss(*loss, inputs[0], labels, reduction); });
      CHECK_MESSAGE(result.failure.empty(), result.failure);
    }
  }
}

TEST_CASE("losses: each moves the network: a gradient that is not zero on a random batch") {
  for (const std::string& name : names_of(losses())) {
    Rng rng(32);
    const Variable<float> logits(random_tensor<float>(Shape{2, 8, 8, 2}, rng), true);
    const Labels labels(random_labels(Shape{2, 8, 8}, 2, rng), 2);
    evaluate_loss(*make_loss<float>(name), logits, labels).backward();
    CHECK_MESSAGE(largest_magnitude(logits.grad()) > 1e-6, name);
  }
}

TEST_CASE("losses: zero at a perfect prediction, in range, invariant to the order of the batch") {
  for (const std::string& name : names_of(losses())) {
    CAPTURE(name);
    Rng rng(33);
    const auto labels = random_labels(Shape{2, 4, 4}, 2, rng);
    const Bounds bounds = bounds_of(name);
    if (bounds.zero_at_truth) {
      CHECK(value_of(name, certain(labels, 2), labels) == Approx(0.0).epsilon(1e-7));
    }
    const auto logits = random_tensor<double>(Shape{2, 4, 4, 2}, rng);
    const double value = value_of(name, logits, labels);
    CHECK(value > bounds.least);
    CHECK(value <= bounds.most);
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
  for (const std::string& name : names_of(losses())) {
    CAPTURE(name);
    const auto finite = [&](const Tensor<double>& logits, const Tensor<std::int32_t>& labels) {
      const Variable<double> x(logits, true);
      const auto loss = evaluate_loss(*make_loss<double>(name), x, Labels(labels, logits.size(3)));
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

// eq. (16) to (20), (23) to (25)
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
  const Settings lesion_only = with("exclude-background", true);
  CHECK(value_of("mean_dice", x, t, lesion_only) == Approx(1 - d1).epsilon(1e-6));
  CHECK(value_of("cce", x, t, lesion_only) == value_of("cce", x, t));  // count-based losses alone
  const Settings weighted = with("class-weights", std::vector<double>{1.0, 3.0});
  CHECK(value_of("cce", x, t, weighted) ==
        Approx(-(3 * std::log(0.8) + std::log(0.6)) / 4).epsilon(1e-12));
  CHECK(value_of("mean_dice", x, t, weighted) == Approx(1 - (3 * d1 + d0) / 4).epsilon(1e-6));
  CHECK(value_of("cce", x, Labels(t, 2, 0)) == Approx(-std::log(0.8)).epsilon(1e-12));
}

TEST_CASE("losses: a sum of losses is one loss: its value, its gradient, its name") {
  Rng rng(36);
  const auto x = random_tensor<double>(Shape{2, 3, 3, 2}, rng);
  const Labels labels(random_labels(Shape{2, 3, 3}, 2, rng), 2);
  const std::string text = "0.5*focal + 2 * tversky+cce+1e-1*focal";
  const double by_hand = 0.6 * value_of("focal", x, labels) + 2 * value_of("tversky", x, labels) +
                         value_of("cce", x, labels);
  CHECK(value_of(text, x, labels) == Approx(by_hand).epsilon(1e-14));
  const auto loss = make_loss<double>(text);
  CHECK(loss->name() == "0.5*focal+2*tversky+cce+1e-1*focal");
  CHECK(loss->needs(2).counts);
  std::vector<Variable<double>> inputs = {Variable<double>(x, true)};
  const auto result =
      gradcheck(text, inputs, [&] { return evaluate_loss(*loss, inputs[0], labels); });
  CHECK_MESSAGE(result.failure.empty(), result.failure);
  // Beside others it is found by the same pass.
  const auto focal = make_loss<double>("focal");
  const auto both =
      evaluate_losses<double>({focal.get(), loss.get()}, inputs[0], labels).values.value();
  CHECK(both.data()[0] == value_of("focal", x, labels));
  CHECK(both.data()[1] == value_of(text, x, labels));
  for (const char* wrong :
       {"", "cce+", "+cce", "2cce", "2*", "cce cce", "nan*cce", "inf*cce", "dice+cce"}) {
    CHECK_THROWS_WITH_AS(make_loss<double>(wrong), Contains("[expression] '"), ValueError);
  }
}

TEST_CASE("losses: as many cross-entropies as one likes are found by one pass") {
  Rng rng(37);
  const auto x = random_tensor<double>(Shape{1, 3, 3, 2}, rng);
  const Labels labels(random_labels(Shape{1, 3, 3}, 2, rng), 2);
  std::vector<std::unique_ptr<Loss<double>>> all;
  std::vector<const Loss<double>*> handles;
  for (int k = 0; k < 7; ++k) {
    all.push_back(make_loss<double>("focal", with("focal-gamma", 0.5 * k)));
    handles.push_back(all.back().get());
  }
  const auto values = evaluate_losses(handles, Variable<double>(x), labels).values.value();
  for (int k = 0; k < 7; ++k) {
    CHECK(values.data()[k] == value_of("focal", x, labels, with("focal-gamma", 0.5 * k)));
  }
}

TEST_CASE("losses: per image is the mean of each image's loss; all pixels ignored gives 0") {
  Rng rng(35);
  const auto logits = random_tensor<double>(Shape{2, 3, 3, 2}, rng);
  const auto labels = random_labels(Shape{2, 3, 3}, 2, rng);
  for (const std::string& name : names_of(losses())) {
    double sum = 0.0;
    for (Index n = 0; n < 2; ++n) {
      Tensor<double> one(Shape{1, 3, 3, 2});
      Tensor<std::int32_t> one_labels(Shape{1, 3, 3});
      std::copy_n(logits.data() + n * 18, 18, one.data());
      std::copy_n(labels.data() + n * 9, 9, one_labels.data());
      sum += value_of(name, one, one_labels);
    }
    CHECK(value_of(name, logits, labels, loss_settings(), Reduction::image) ==
          Approx(0.5 * sum).epsilon(1e-12));
  }
  const Labels none(Tensor<std::int32_t>::full(Shape{2, 3, 3}, 5), 2, 5);
  CHECK(value_of("cce", logits, none) == 0.0);
}

// eq. (21), (22)
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

TEST_CASE("losses: by micro average the classes are one, each times its weight; gradients agree") {
  Settings micro = with("class-average", std::string("micro"));
  micro.set("class-weights", std::vector<double>{0.0, 1.0, 2.0});
  micro.set("smooth-nr", 0.5);
  micro.set("smooth-dr", 0.25);
  Rng rng(9);
  for (const char* name : {"mean_dice", "mean_iou", "tversky", "focal_tversky", "log_cosh_dice"}) {
    std::vector<Variable<double>> inputs = {
        Variable<double>(random_tensor<double>(Shape{2, 2, 3, 3}, rng), true)};
    const Labels labels(
        Tensor<std::int32_t>::from(std::vector<std::int32_t>{0, 1, 2, 1, 0, 0, 2, 2, 1, 0, 0, 0},
                                   Shape{2, 2, 3}),
        3);
    const auto loss = make_loss<double>(name, micro);
    for (const Reduction reduction : {Reduction::batch, Reduction::image}) {
      const GradcheckResult result = gradcheck(
          name, inputs, [&] { return evaluate_loss(*loss, inputs[0], labels, reduction); });
      CHECK_MESSAGE(result.failure.empty(), result.failure);
    }
  }
  // One pixel, label 1, all probabilities a third: TP_1 = 1/3, FN_1 = 2/3, FP_2 = 1/3 twice.
  const double both = 2.0 / 3.0, value = 1.0 - (both + 0.5) / (both + 2.0 / 3.0 + 2.0 / 3.0 + 0.25);
  CHECK(value_of("mean_dice", Tensor<double>::zeros(Shape{1, 1, 1, 3}),
                 Tensor<std::int32_t>::full(Shape{1, 1, 1}, 1), micro) == Approx(value));
}

TEST_CASE("losses: an absent class is penalised, worth 0, or left out") {
  // One image has lesion and background, the other background alone; per image, then the mean.
  const auto logits =
      Tensor<double>::from(std::vector<double>{1, 0, 0, 1, 0, 0, 0, 2}, Shape{2, 1, 2, 2});
  const Labels labels(
      Tensor<std::int32_t>::from(std::vector<std::int32_t>{0, 1, 0, 0}, Shape{2, 1, 2}), 2);
  const auto value = [&](const char* absent) {
    Settings settings = loss_settings();
    settings.set("absent-class", std::string(absent));
    settings.set("smooth-dr", 0.0);
    return value_of("mean_dice", logits, labels, settings, Reduction::image);
  };
  const double p = 1.0 / (1.0 + std::exp(-1.0)), q = 1.0 / (1.0 + std::exp(2.0));
  const double both = 1.0 - p;  // of the first image, for either class: Dice is p
  const double background = 1.0 - 2.0 * (0.5 + q) / (2.0 + 0.5 + q);
  CHECK(value("penalise_fp") == Approx((both + (background + 1.0) / 2.0) / 2.0));
  CHECK(value("zero") == Approx((both + background / 2.0) / 2.0));
  CHECK(value("skip") == Approx((both + background) / 2.0));
}

TEST_CASE("losses: errors name the option and the label") {
  CHECK_THROWS_WITH_AS(
      make_loss<double>("tversky", with("tversky-smooth", std::vector<double>{0.0, 1.0, 2.0})),
      Contains("[tversky-smooth] got 3 numbers, expected one for both, or two"), ValueError);
  CHECK_THROWS_WITH_AS(with("absent-class", std::string("some")),
                       Contains("got 'some', expected penalise_fp, zero or skip"), ValueError);
  const auto logits = Tensor<double>::zeros(Shape{1, 2, 2, 2});
  auto labels = Tensor<std::int32_t>::zeros(Shape{1, 2, 2});
  CHECK_THROWS_WITH_AS(make_loss<double>("dice"),
                       Contains("[loss] got 'dice', expected cce, mean_iou, mean_dice"),
                       ValueError);
  const double inf = std::numeric_limits<double>::infinity();
  for (const std::string& name : names_of(losses())) {
    CHECK_THROWS_WITH_AS(
        value_of(name, logits, labels, with("class-weights", std::vector<double>{1.0})),
        Contains("1 class weights for 2 classes"), ShapeError);
    CHECK_THROWS_WITH_AS(
        value_of(name, logits, labels, with("class-weights", std::vector<double>{0.0, 0.0})),
        Contains("nothing is left to train on"), ValueError);
  }
  for (const double wrong : {-0.5, inf, std::nan("")}) {
    CHECK_THROWS_WITH_AS(with("class-weights", std::vector<double>{1.0, wrong}),
                         Contains("expected >= 0"), ValueError);
  }
  CHECK_THROWS_WITH_AS(with("focal-gamma", -1.0), Contains("[focal-gamma] got -1, expected >= 0"),
                       ValueError);
  CHECK_THROWS_WITH_AS(
      value_of("focal", logits, labels, with("focal-alpha", std::vector<double>{0.1, 0.2, 0.3})),
      Contains("3 alphas"), ShapeError);
  CHECK_THROWS_WITH_AS(with("tversky-beta", -0.1), Contains("[tversky-beta] got -0.1"), ValueError);
  labels.data()[2] = 2;
  CHECK_THROWS_WITH_AS(Labels(labels, 2), Contains("label 2 at pixel 2: expected 0 to 1"),
                       ValueError);
  CHECK_THROWS_WITH_AS(
      value_of("cce", logits, Labels(Tensor<std::int32_t>::zeros(Shape{1, 1, 2}), 2)),
      Contains("[pixel_sums] logits [1, 2, 2, 2] and labels [1, 1, 2]"), ShapeError);
}

TEST_CASE("losses: what a formula says by hand it says of hard counts too") {
  const Counts<double> n{6.0, 2.0, 1.0};
  CHECK(MeanDice{{0.0, 0.0}}(n) == Approx(12.0 / 15.0));
  CHECK(MeanIou{{0.0, 0.0}}(n) == Approx(6.0 / 9.0));
  CHECK(Tversky{0.5, 0.25, {}}(n) == Approx(6.0 / 7.25));
  CHECK(Tversky{0.5, 0.25, {0.5, 1.0}}(n) == Approx(6.5 / 8.25));
}

}  // namespace dmf
