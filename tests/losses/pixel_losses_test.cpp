#include <doctest/doctest.h>

#include "engine/core/check.h"
#include "engine/core/parallel.h"
#include "losses/cross_entropy/border_weights.h"
#include "losses/distance/distance_transform.h"
#include "tests/losses/loss_values.h"

// Losses that see each pixel.

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

Tensor<std::int32_t> labels_from(const std::vector<std::int32_t>& labels, const Shape& shape) {
  return Tensor<std::int32_t>::from(labels, shape);
}

}  // namespace

TEST_CASE("squared_dice: by hand") {
  const ThreePixels value;
  const double d1 = 1.6 / (.64 + .16 + .01 + 1), d0 = 3.0 / (.04 + .36 + .81 + 2);
  CHECK(value("squared_dice") == Approx(1 - .5 * (d1 + d0)).epsilon(1e-6));
  CHECK(value("squared_dice", kWeighted) == Approx(1 - .25 * (3 * d1 + d0)).epsilon(1e-6));
  CHECK(value("squared_dice", kLesionOnly) == Approx(1 - d1).epsilon(1e-6));
}

TEST_CASE("label_smoothing: by hand; epsilon 0 is cross-entropy; least where p is the label's q") {
  const ThreePixels value;
  const double p1 = .95 * std::log(.8) + .05 * std::log(.2),
               p2 = .95 * std::log(.6) + .05 * std::log(.4),
               p3 = .95 * std::log(.9) + .05 * std::log(.1);
  CHECK(value("label_smoothing") == Approx(-(p1 + p2 + p3) / 3).epsilon(1e-12));
  CHECK(value("label_smoothing", kWeighted) == Approx(-(3 * p1 + p2 + p3) / 5).epsilon(1e-12));
  CHECK(value("label_smoothing", with("label-smoothing-epsilon", 0.0)) ==
        Approx(value("cce")).epsilon(1e-12));
  const Variable<double> x(
      Tensor<double>::from(std::vector<double>{std::log(.05), std::log(.95)}, Shape{1, 1, 1, 2}),
      true);
  evaluate_loss(*make_loss<double>("label_smoothing"), x,
                Labels(labels_from({1}, Shape{1, 1, 1}), 2))
      .backward();
  CHECK(largest_magnitude(x.grad()) < 1e-15);
  CHECK_THROWS_WITH_AS(with("label-smoothing-epsilon", 1.0), Contains(">= 0 and < 1"), ValueError);
}

TEST_CASE("topk_cce: by hand; the share is rounded down, all pixels are cross-entropy") {
  const ThreePixels value;
  CHECK(value("topk_cce") == Approx(-std::log(.6)).epsilon(1e-12));
  CHECK(value("topk_cce", with("topk-cce-share", 0.9)) ==
        Approx(-.5 * (std::log(.6) + std::log(.8))).epsilon(1e-12));
  CHECK(value("topk_cce", with("topk-cce-share", 1.0)) == Approx(value("cce")).epsilon(1e-12));
  CHECK(value("topk_cce", kWeighted) == Approx(-std::log(.8)).epsilon(1e-12));
  // Of equal pixels the first alone is pushed.
  const Variable<double> x(Tensor<double>::zeros(Shape{1, 1, 2, 2}), true);
  evaluate_loss(*make_loss<double>("topk_cce"), x, Labels(labels_from({1, 1}, Shape{1, 1, 2}), 2))
      .backward();
  CHECK(x.grad().data()[1] == -0.5);
  CHECK(x.grad().data()[3] == 0.0);
  CHECK_THROWS_WITH_AS(with("topk-cce-share", 0.0), Contains("> 0 and <= 1"), ValueError);
}

TEST_CASE("border_cce: by hand, of one object and of two") {
  const ThreePixels value;
  CHECK(value("border_cce") == Approx(value("cce")).epsilon(1e-12));  // one object: no d2
  const Settings one = with("border-cce-objects", std::int64_t{1});
  const double near = 1 + 10 * std::exp(-1 / 50.0), far = 1 + 10 * std::exp(-4 / 50.0);
  CHECK(value("border_cce", one) ==
        Approx(-(near * (std::log(.8) + std::log(.6)) + far * std::log(.9)) / (2 * near + far))
            .epsilon(1e-12));
  // Diagonal neighbours are two objects, other labels too; distances 1, 1, 2, 3, 4 and back.
  const auto weights = border_weights(std::vector<std::int32_t>{1, 0, 0, 0, 2}, 1, 5, 2.0, 2);
  for (std::size_t i = 0; i < 5; ++i) {
    const double d = i % 4 == 0 ? 5.0 : 4.0;
    CHECK(weights[i] == Approx(std::exp(-d * d / 8)).epsilon(1e-14));
  }
  CHECK(border_weights(std::vector<std::int32_t>{1, 0, 0, 1}, 2, 2, 1.0, 2)[0] ==
        Approx(std::exp(-.5 * std::pow(1 + std::sqrt(2.0), 2))).epsilon(1e-14));
  CHECK(border_weights(std::vector<std::int32_t>{1, 1, 1, 1}, 2, 2, 1.0, 1)[0] == 0.0);
  CHECK_THROWS_WITH_AS(with("border-cce-objects", std::int64_t{3}),
                       Contains("got 3, expected >= 1"), ValueError);
  CHECK_THROWS_WITH_AS(with("border-cce-sigma", 0.0), Contains("> 0"), ValueError);
}

TEST_CASE("lovasz_softmax: by hand; of hard predictions it is the Jaccard loss") {
  const ThreePixels value;
  const double l1 = .5 * .4 + .5 * .2, l0 = .5 * .4 + .2 / 6 + .1 / 3;
  CHECK(value("lovasz_softmax") == Approx(.5 * (l1 + l0)).epsilon(1e-12));
  CHECK(value("lovasz_softmax", kWeighted) == Approx(.25 * (3 * l1 + l0)).epsilon(1e-12));
  CHECK(value("lovasz_softmax", kLesionOnly) == Approx(l1).epsilon(1e-12));
  const auto predicted = certain(labels_from({1, 1, 0, 0, 1}, Shape{1, 1, 5}), 2);
  const auto labels = labels_from({1, 0, 0, 1, 1}, Shape{1, 1, 5});
  CHECK(value_of("lovasz_softmax", predicted, labels) == Approx(1 - .5 * (.5 + 1.0 / 3)));
  // A class that the labels do not have is left out.
  const auto background = Tensor<std::int32_t>::zeros(Shape{1, 1, 3});  // p of it .2, .6, .9
  CHECK(value_of("lovasz_softmax", value.logits, background) ==
        Approx((.8 + .4 + .1) / 3).epsilon(1e-12));
  CHECK(value_of("lovasz_softmax", value.logits, background, kLesionOnly) == 0.0);
}

TEST_CASE("boundary: by hand; an absent class has no boundary") {
  const ThreePixels value;
  CHECK(value("boundary", kLesionOnly) == Approx((.4 + .2) / 3).epsilon(1e-12));
  CHECK(value("boundary") == Approx(.5 * (.6 + .2 - .9) / 3).epsilon(1e-12));
  const auto background = Tensor<std::int32_t>::zeros(Shape{1, 1, 3});
  CHECK(value_of("boundary", value.logits, background) == 0.0);
  CHECK(border_distances(std::vector<std::uint8_t>{0, 1, 1, 1}, 1, 4) ==
        std::vector<double>{1.0, 1.0, 2.0, 3.0});
}

// MONAI, tests/losses/test_hausdorff_loss.py: one channel by a sigmoid, then two by a softmax
TEST_CASE("hausdorff_dt: published values; alpha") {
  const std::vector<double> image = {0, 1, 0, -1, 0, -1, 0, 1};
  const auto logits = Tensor<double>::from(image, Shape{1, 2, 2, 2});
  CHECK(value_of("hausdorff_dt", logits, labels_from({1, 0, 1, 1}, Shape{1, 2, 2}), kLesionOnly) ==
        Approx(0.509329).epsilon(1e-6));
  std::vector<double> twice = image;
  twice.insert(twice.end(), image.begin(), image.end());
  CHECK(value_of("hausdorff_dt", Tensor<double>::from(twice, Shape{2, 2, 2, 2}),
                 labels_from({1, 1, 1, 1, 1, 0, 1, 0}, Shape{2, 2, 2}),
                 kLesionOnly) == Approx(0.455082).epsilon(1e-6));
  const auto two_classes = Tensor<double>::from(
      std::vector<double>{-1, 1, 0, 0, 1, -1, 0, 0, 0, 0, 0, 0}, Shape{2, 3, 1, 2});
  const auto labels = labels_from({1, 0, 0, 1, 1, 0}, Shape{2, 3, 1});
  CHECK(value_of("hausdorff_dt", two_classes, labels) == Approx(0.357016).epsilon(1e-6));
  CHECK(value_of("hausdorff_dt", two_classes, labels, loss_settings(), Reduction::image) ==
        Approx(0.357016).epsilon(1e-6));
  // p = .5 is no prediction, so the second image has its labels' distances 2, 1, 1 alone.
  const auto second = Tensor<double>::zeros(Shape{1, 3, 1, 2});
  CHECK(value_of("hausdorff_dt", second, labels_from({1, 1, 0}, Shape{1, 3, 1}),
                 with("hausdorff-dt-alpha", 1.0)) == Approx(.25 * 4 / 3).epsilon(1e-12));
  const auto half = Tensor<double>::from(
      std::vector<double>{0, 0, std::log(9.0), 0, std::log(9.0), 0}, Shape{1, 3, 1, 2});
  Settings lesion = with("hausdorff-dt-alpha", 1.0);
  lesion.set("exclude-background", true);
  CHECK(value_of("hausdorff_dt", half, labels_from({1, 1, 0}, Shape{1, 3, 1}), lesion) ==
        Approx((.25 * 2 + .81 + .01) / 3).epsilon(1e-12));
  CHECK_THROWS_WITH_AS(with("hausdorff-dt-alpha", 0.0), Contains("> 0"), ValueError);
}

TEST_CASE("wasserstein_dice: by hand, with and without distances; errors of its settings") {
  const ThreePixels value;
  CHECK(value("wasserstein_dice") == Approx(1 - 1.6 / 2.3).epsilon(1e-6));
  CHECK(value("wasserstein_dice", kWeighted) == Approx(1 - 4.8 / (4.8 + 1.1)).epsilon(1e-6));
  const auto distances = [](std::vector<double> m) {
    return with("wasserstein-dice-distances", std::move(m));
  };
  CHECK(value("wasserstein_dice", distances({0, 2, 2, 0})) ==
        Approx(value("wasserstein_dice")).epsilon(1e-6));
  const std::vector<double> p = {.2, .5, .3, .6, .3, .1};
  std::vector<double> logits;
  for (const double each : p) logits.push_back(std::log(each));
  const auto x = Tensor<double>::from(logits, Shape{1, 1, 2, 3});
  CHECK(value_of("wasserstein_dice", x, labels_from({1, 0}, Shape{1, 1, 2}),
                 distances({0, 1, 1, 1, 0, .5, 1, .5, 0})) ==
        Approx(1 - 1.3 / (1.3 + .35 + .4)).epsilon(1e-6));
  CHECK_THROWS_WITH_AS(value("wasserstein_dice", distances({0, 1, 1})),
                       Contains("3 distances for 2 classes: expected 4"), ShapeError);
  CHECK_THROWS_WITH_AS(value("wasserstein_dice", distances({0, 1, 1, 1})),
                       Contains("distance 1 from class 1 to 1: expected 0 on the diagonal"),
                       ValueError);
  CHECK_THROWS_WITH_AS(value("wasserstein_dice", distances({0, 0, 1, 0})),
                       Contains("distance 0 from class 0 to 1"), ValueError);
  CHECK_THROWS_WITH_AS(value_of("wasserstein_dice", x, labels_from({1, 0}, Shape{1, 1, 2}),
                                distances({0, 1, 1, 1, 0, 3, 1, 3, 0})),
                       Contains("class 1 is 3 from class 2 and 1 from the background"), ValueError);
}

TEST_CASE("losses: a pixel that is ignored does not count, whatever the loss") {
  const ThreePixels three;
  Tensor<double> logits = Tensor<double>::full(Shape{1, 1, 4, 2}, 3.0);
  std::copy_n(three.logits.data(), 6, logits.data());
  logits.data()[6] = -3.0;
  const Labels labels(labels_from({1, 0, 0, 9}, Shape{1, 1, 4}), 2, 9);
  for (const std::string& name : names_of(losses())) {
    CAPTURE(name);
    const Variable<double> x(logits, true);
    const auto loss = evaluate_loss(*make_loss<double>(name, kLesionOnly), x, labels);
    CHECK(loss.value().item() == Approx(three(name, kLesionOnly)).epsilon(1e-12));
    loss.backward();
    CHECK(x.grad().data()[6] == 0.0);
    CHECK(x.grad().data()[7] == 0.0);
    const Labels none(Tensor<std::int32_t>::full(Shape{1, 1, 4}, 9), 2, 9);
    const Variable<double> y(logits, true);
    const auto nothing = evaluate_loss(*make_loss<double>(name), y, none);
    nothing.backward();
    CHECK(std::isfinite(nothing.value().item()));
    CHECK(largest_magnitude(y.grad()) == 0.0);
  }
}

TEST_CASE("losses: the same bits for any number of threads") {
  Rng rng(41);
  const Shape shape{3, 40, 37, 3};
  const auto logits = random_tensor<float>(shape, rng, -3, 3);
  const Labels labels(random_labels(Shape{3, 40, 37}, 3, rng), 3, 2);
  const int before = num_threads();
  for (const std::string& name : names_of(losses())) {
    CAPTURE(name);
    const auto run = [&](int threads) {
      set_num_threads(threads);
      const Variable<float> x(logits, true);
      const auto loss = evaluate_loss(*make_loss<float>(name), x, labels);
      loss.backward();
      set_num_threads(before);
      return std::pair(loss.value().item(), x.grad());
    };
    const auto alone = run(1), together = run(3);
    CHECK(alone.first == together.first);
    CHECK(largest_difference(alone.second, together.second) == 0.0);
  }
}

}  // namespace dmf
