#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "engine/core/check.h"
#include "engine/ops/batch_norm2d.h"
#include "engine/ops/concat.h"
#include "engine/ops/dropout.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/pad2d.h"
#include "engine/ops/pixel_sums.h"
#include "engine/ops/pool2d.h"
#include "engine/ops/softmax.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Contains;
using V = Variable<float>;

V zeros(const Shape& shape) {
  return V(Tensor<float>::zeros(shape));
}

}  // namespace

TEST_CASE("ops: errors say what is wrong, with the shapes") {
  const V x = zeros({2, 4, 4, 3});
  CHECK_THROWS_WITH_AS(max_pool2d(zeros({1, 1, 4, 3})),
                       Contains("[max_pool2d] x [1, 1, 4, 3] is smaller"), ShapeError);
  CHECK_THROWS_WITH_AS(max_pool2d(x, {0, 2, 2, 2, {}}), Contains("kernel 0 x 2"), ValueError);
  CHECK_THROWS_WITH_AS(max_pool2d(x, {1 << 16, 1 << 16, 2, 2, {}}), Contains("at most 256 places"),
                       ValueError);
  CHECK_THROWS_WITH_AS(max_pool2d(x, {2, 2, 2, 2, {2, 0, 0, 0}}),
                       Contains("no window is all padding"), ValueError);
  CHECK_THROWS_WITH_AS(max_pool2d(zeros({4, 4})), Contains("[N, H, W, C]"), ShapeError);
  CHECK_THROWS_WITH_AS(concat<float>({}), Contains("[concat] nothing to join"), ShapeError);
  CHECK_THROWS_WITH_AS(concat<float>({x, zeros({2, 4, 5, 3})}),
                       Contains("only channels may differ"), ShapeError);
  CHECK_THROWS_WITH_AS(pad2d(x, {-2, 0, -2, 0}), Contains("leaves nothing"), ShapeError);
  CHECK_THROWS_WITH_AS(dropout(x, {1.0, 1, 1}), Contains("[dropout] rate 1"), ValueError);
  CHECK_THROWS_WITH_AS(softmax(zeros({2, 0})), Contains("at least one class"), ShapeError);
  const Tensor<float> c3 = Tensor<float>::full(Shape{3}, 1.0f),
                      c2 = Tensor<float>::full(Shape{2}, 1.0f);
  CHECK_THROWS_WITH_AS(batch_norm2d(x, V(c2), V(c3), c3, c3, {}), Contains("gamma [2]"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(batch_norm2d(zeros({1, 1, 1, 3}), V(c3), V(c3), c3, c3, {}),
                       Contains("one value a channel"), ValueError);
}

TEST_CASE("labels and pixel_sums: what is wrong is named") {
  const V x(Tensor<float>::zeros(Shape{2, 4, 4, 3}));
  auto target = Tensor<std::int32_t>::zeros(Shape{2, 4, 4});
  const Labels labels(target, 3);
  const auto one = [&](double gamma, std::size_t factors) {
    const NllTerm term{gamma, std::vector<double>(factors, 1.0), {1.0, 1.0, 1.0}};
    return PixelSumsRequest{.terms = {term}};
  };
  CHECK_THROWS_WITH_AS(pixel_sums(x, labels, one(0.0, 1)), Contains("1 factors and 3 weights"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(pixel_sums(x, labels, one(-1.0, 3)), Contains("gamma -1"), ValueError);
  CHECK_THROWS_WITH_AS(pixel_sums(x, labels, {.counts = false, .terms = {}}),
                       Contains("neither counts nor cross-entropies"), ValueError);
  CHECK_THROWS_WITH_AS(pixel_sums(x, Labels(target, 2), {}),
                       Contains("logits of 3 classes, labels of 2"), ShapeError);
  CHECK_THROWS_WITH_AS(pixel_sums(x, Labels(Tensor<std::int32_t>::zeros(Shape{2, 4, 1}), 3), {}),
                       Contains("labels [2, 4, 1]"), ShapeError);
  target.data()[5] = 3;
  CHECK_THROWS_WITH_AS(Labels(target, 3), Contains("label 3 at pixel 5: expected 0 to 2"),
                       ValueError);
  CHECK_THROWS_WITH_AS(Labels(target, 3, 7), Contains("or 7 to ignore it"), ValueError);
  CHECK_NOTHROW(Labels(target, 3, 3));
  CHECK_THROWS_WITH_AS(Labels(Tensor<std::int32_t>::zeros(Shape{2, 4}), 3),
                       Contains("[labels] [2, 4]: expected [N, H, W]"), ShapeError);
}

TEST_CASE("softmax and its log stay finite for huge logits and sum to one") {
  const std::vector<float> logits = {1e4f, -1e4f, 0.0f, 3e38f, -3e38f, 1.0f};
  const V x(Tensor<float>::from(logits, Shape{1, 1, 2, 3}));
  const Tensor<float> p = softmax(x).value(), log_p = log_softmax(x).value();
  for (Index pixel = 0; pixel < 2; ++pixel) {
    float sum = 0.0f;
    for (Index k = 0; k < 3; ++k) sum += p.data()[3 * pixel + k];
    CHECK(sum == doctest::Approx(1.0));
  }
  CHECK(log_p.data()[0] == 0.0f);
  CHECK(log_p.data()[1] == -2e4f);
}

TEST_CASE("exp, log, sqrt, pow, abs, maximum, minimum: by hand, and where the slope has no value") {
  const std::vector<double> numbers = {0.0, 0.25, 4.0};
  const auto at = [&](const auto& op, std::vector<double> values, std::vector<double> slopes) {
    const Variable<double> x(Tensor<double>::from(numbers, Shape{3}), true);
    const Variable<double> y = op(x);
    y.backward(Tensor<double>::full(Shape{3}, 1.0));
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(y.value().data()[i] == values[i]);
      CHECK(x.grad().data()[i] == slopes[i]);
    }
  };
  using X = Variable<double>;
  const double inf = std::numeric_limits<double>::infinity();
  at([](const X& x) { return exp(x); }, {1.0, std::exp(0.25), std::exp(4.0)},
     {1.0, std::exp(0.25), std::exp(4.0)});
  at([](const X& x) { return log(x); }, {-inf, std::log(0.25), std::log(4.0)}, {inf, 4.0, 0.25});
  at([](const X& x) { return sqrt(x); }, {0.0, 0.5, 2.0}, {0.0, 1.0, 0.25});
  at([](const X& x) { return pow(x, 0.5); }, {0.0, 0.5, 2.0}, {0.0, 1.0, 0.25});
  at([](const X& x) { return pow(x, 1.0); }, {0.0, 0.25, 4.0}, {1.0, 1.0, 1.0});
  at([](const X& x) { return pow(x, 0.0); }, {1.0, 1.0, 1.0}, {0.0, 0.0, 0.0});
  at([](const X& x) { return abs(x + -0.25); }, {0.25, 0.0, 3.75}, {-1.0, 0.0, 1.0});
  at([](const X& x) { return maximum(x, affine(x, 2.0, -0.25)); }, {0.0, 0.25, 7.75},
     {1.0, 1.0, 2.0});
  at([](const X& x) { return minimum(x, affine(x, 2.0, -0.25)); }, {-0.25, 0.25, 4.0},
     {2.0, 1.0, 1.0});
  const X nan(Tensor<double>::full(Shape{1}, std::nan(""))), one(Tensor<double>::full(Shape{1}, 1));
  for (const X& y : {maximum(nan, one), maximum(one, nan), minimum(nan, one), minimum(one, nan)}) {
    CHECK(std::isnan(y.value().item()));
  }
  CHECK_THROWS_WITH_AS(pow(one, inf), Contains("[pow] exponent inf: expected a finite number."),
                       ValueError);
  CHECK_THROWS_WITH_AS(maximum(one, X(Tensor<double>::zeros(Shape{2}))),
                       Contains("[maximum] shapes differ"), ShapeError);
}

TEST_CASE("batch_norm2d: training moves the running values, evaluation leaves them") {
  Rng rng(1);
  const V x(random_tensor<float>(Shape{2, 4, 4, 2}, rng));
  const auto mean = Tensor<float>::zeros(Shape{2}), var = Tensor<float>::full(Shape{2}, 1.0f);
  const V one(Tensor<float>::full(Shape{2}, 1.0f)), zero(Tensor<float>::zeros(Shape{2}));
  BatchNorm2dSpec spec;
  spec.training = false;
  batch_norm2d(x, one, zero, mean, var, spec);
  CHECK(mean.data()[0] == 0.0f);
  CHECK(var.data()[1] == 1.0f);
  spec.training = true;
  batch_norm2d(x, one, zero, mean, var, spec);
  CHECK(mean.data()[0] != 0.0f);
  CHECK(var.data()[1] != 1.0f);
}

TEST_CASE("dropout: the share of zeros is the rate, the mean stays, streams differ") {
  const V x(Tensor<float>::full(Shape{100000}, 1.0f));
  const auto y = dropout(x, {0.25, 1, 1}).value(), other = dropout(x, {0.25, 1, 2}).value();
  double zeros = 0, sum = 0, differ = 0;
  for (Index i = 0; i < y.numel(); ++i) {
    zeros += y.data()[i] == 0.0f;
    sum += static_cast<double>(y.data()[i]);
    differ += y.data()[i] != other.data()[i];
  }
  CHECK(zeros / 1e5 == doctest::Approx(0.25).epsilon(0.03));
  CHECK(sum / 1e5 == doctest::Approx(1.0).epsilon(0.02));
  CHECK(differ > 1000);
}

}  // namespace dmf
