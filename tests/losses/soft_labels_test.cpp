#include <doctest/doctest.h>

#include "engine/core/check.h"
#include "tests/losses/loss_values.h"
#include "tests/support/gradcheck.h"

// Labels that are probabilities.

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

/// The losses that are made of sums, which soft labels have too.
std::vector<std::string> losses_of_sums() {
  std::vector<std::string> names;
  for (const LossEntry& loss : losses()) {
    if (!loss.make<double>(loss_settings())->needs(2).each_pixel) names.emplace_back(loss.name);
  }
  return names;
}

double soft_value(const std::string& loss, const Tensor<double>& logits,
                  const Tensor<double>& labels, Reduction reduction = Reduction::batch,
                  const Settings& settings = loss_settings()) {
  const auto made = make_loss<double>(loss, settings);
  return evaluate_losses<double>({made.get()}, Variable<double>(logits), labels, reduction)
      .values.value()
      .item();
}

Tensor<double> random_probabilities(const Shape& shape, Rng& rng) {
  Tensor<double> labels = random_tensor<double>(shape, rng, 0.05, 1.0);
  const Index C = shape[3];
  for (Index i = 0; i < labels.numel() / C; ++i) {
    double total = 0.0;
    for (Index c = 0; c < C; ++c) total += labels.data()[i * C + c];
    for (Index c = 0; c < C; ++c) labels.data()[i * C + c] /= total;
  }
  return labels;
}

}  // namespace

TEST_CASE("soft labels: 0 and 1 are hard labels, for the batch and for each image") {
  Rng rng(51);
  const auto logits = random_tensor<double>(Shape{2, 3, 4, 3}, rng, -3, 3);
  const auto hard = random_labels(Shape{2, 3, 4}, 3, rng);
  Tensor<double> soft = Tensor<double>::zeros(logits.shape());
  for (Index i = 0; i < hard.numel(); ++i) {
    if (hard.data()[i] != 2) soft.data()[i * 3 + hard.data()[i]] = 1.0;
  }
  for (const std::string& name : losses_of_sums()) {
    CAPTURE(name);
    for (const Reduction reduction : {Reduction::batch, Reduction::image}) {
      for (const Settings& settings : {loss_settings(), unusual(3)}) {
        CHECK(
            soft_value(name, logits, soft, reduction, settings) ==
            Approx(value_of(name, logits, Labels(hard, 3, 2), settings, reduction)).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("soft labels: by hand") {
  const ThreePixels three;
  const auto labels =
      Tensor<double>::from(std::vector<double>{.25, .75, 1, 0, .5, .5}, three.logits.shape());
  const double cce = -(.25 * std::log(.2) + .75 * std::log(.8) + std::log(.6) + .5 * std::log(.9) +
                       .5 * std::log(.1)) /
                     3;
  CHECK(soft_value("cce", three.logits, labels) == Approx(cce).epsilon(1e-12));
  // class 1: TP .6 + .05, FP .2 + .4 + .05, FN .15 + .45; class 0: TP .05 + .6 + .45
  CHECK(soft_value("mean_dice", three.logits, labels, Reduction::batch, kLesionOnly) ==
        Approx(1 - 1.3 / (1.3 + .65 + .6)).epsilon(1e-6));
  CHECK(soft_value("mean_iou", three.logits, labels) ==
        Approx(1 - .5 * (.65 / (.65 + .65 + .6) + 1.1 / (1.1 + .6 + .65))).epsilon(1e-6));
}

TEST_CASE("soft labels: gradients of every loss of sums") {
  for (const std::string& name : losses_of_sums()) {
    for (const Reduction reduction : {Reduction::batch, Reduction::image}) {
      Rng rng(52);
      std::vector<Variable<double>> inputs = {
          Variable<double>(random_tensor<double>(Shape{2, 3, 2, 3}, rng, -2, 2), true)};
      const auto labels = random_probabilities(Shape{2, 3, 2, 3}, rng);
      const auto loss = make_loss<double>(name, unusual(3));
      const auto result = gradcheck(name, inputs, [&] {
        return evaluate_losses<double>({loss.get()}, inputs[0], labels, reduction).values;
      });
      CHECK_MESSAGE(result.failure.empty(), result.failure);
    }
  }
}

TEST_CASE(
    "soft labels: the products of the losses' gradients, those of hard labels where they are 0 or 1") {
  Rng rng(53);
  const Shape shape{2, 3, 2, 2};
  const Variable<double> logits(random_tensor<double>(shape, rng, -2, 2));
  const Labels hard(random_labels(Shape{2, 3, 2}, 2, rng), 2);
  Tensor<double> same = Tensor<double>::zeros(shape);
  for (Index i = 0; i < hard.tensor().numel(); ++i) {
    same.data()[2 * i + hard.tensor().data()[i]] = 1.0;
  }
  const auto cce = make_loss<double>("cce", loss_settings()),
             dice = make_loss<double>("mean_dice", loss_settings());
  const auto products = [&](const PixelLabels<double>& labels) {
    const auto values = evaluate_losses<double>({cce.get(), dice.get()}, logits, labels,
                                                Reduction::batch, WithGradients::yes);
    return values.gradients.front().products();
  };
  const Tensor<double> of_sums = products(hard), of_soft = products(same);
  for (Index k = 0; k < 4; ++k) {
    CHECK(of_soft.data()[k] == Approx(of_sums.data()[k]).epsilon(1e-10));
  }
  // Of cross-entropy alone by hand: the sum over pixels of |p - t|^2 / M^2.
  const auto labels = random_probabilities(shape, rng);
  double expected = 0.0;
  for (Index i = 0; i < 12; ++i) {
    const double* z = logits.value().data() + 2 * i;
    const double d = 1.0 / (1.0 + std::exp(z[0] - z[1])) - labels.data()[2 * i + 1];
    expected += 2.0 * d * d / (12.0 * 12.0);
  }
  CHECK(products(labels).data()[0] == Approx(expected).epsilon(1e-10));
}

TEST_CASE("soft labels: what is wrong is named") {
  const auto logits = Tensor<double>::zeros(Shape{1, 1, 2, 2});
  const auto labels = [](const std::vector<double>& values) {
    return Tensor<double>::from(values, Shape{1, 1, 2, 2});
  };
  CHECK_THROWS_WITH_AS(soft_value("cce", logits, labels({.5, .5, .5, .2})),
                       Contains("[soft_labels] the classes of pixel 1 add up to 0.7: expected"),
                       ValueError);
  CHECK_THROWS_WITH_AS(soft_value("cce", logits, labels({1.5, -.5, 0, 1})),
                       Contains("pixel 0 add up to 1, one of them below 0"), ValueError);
  CHECK_THROWS_WITH_AS(soft_value("cce", logits, Tensor<double>::zeros(Shape{1, 2, 1, 2})),
                       Contains("logits [1, 1, 2, 2] and labels [1, 2, 1, 2]"), ShapeError);
  CHECK_THROWS_WITH_AS(soft_value("boundary", logits, labels({1, 0, 0, 1})),
                       Contains("[loss] boundary: got labels that are probabilities, expected a "
                                "class of each pixel. Choose losses on sums of pixels"),
                       ValueError);
  CHECK(soft_value("cce", logits, labels({0, 0, 0, 0})) == 0.0);
}

}  // namespace dmf
