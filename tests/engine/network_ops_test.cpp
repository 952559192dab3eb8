#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

#include "engine/core/check.h"
#include "engine/kernels/elementwise/functors.h"
#include "engine/ops/depthwise_conv2d.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gate.h"
#include "engine/ops/group_norm.h"
#include "engine/ops/upsample2d.h"
#include "tests/support/random_tensor.h"

// Values and errors of the ops that networks beside the U-Nets are made of.

namespace dmf {
namespace {

using doctest::Contains;
using V = Variable<float>;

template <class S>
Variable<S> row(std::initializer_list<S> values) {
  const std::vector<S> all(values);
  return Variable<S>(Tensor<S>::from(all, Shape{static_cast<Index>(all.size())}), true);
}

/// The text of what run() throws.
template <class Run>
std::string error_of(const Run& run) {
  try {
    run();
  } catch (const Error& problem) {
    return problem.what();
  }
  return "no error";
}

V zeros(const Shape& shape) {
  return V(Tensor<float>::zeros(shape));
}

}  // namespace

TEST_CASE("leaky_relu: by hand, the slope's gradient at 0, and a NaN stays one") {
  const auto x = row<float>({-2.0f, 0.0f, 3.0f, std::numeric_limits<float>::quiet_NaN(),
                             -std::numeric_limits<float>::max()});
  const V y = leaky_relu(x, 0.25);
  CHECK(y.value().data()[0] == -0.5f);
  CHECK(y.value().data()[1] == 0.0f);
  CHECK(y.value().data()[2] == 3.0f);
  CHECK(std::isnan(y.value().data()[3]));
  CHECK(std::isfinite(y.value().data()[4]));
  y.backward(Tensor<float>::full(Shape{5}, 2.0f));
  CHECK(x.grad().data()[0] == 0.5f);
  CHECK(x.grad().data()[1] == 0.5f);
  CHECK(x.grad().data()[2] == 2.0f);
  CHECK_THROWS_WITH_AS(leaky_relu(x, 1.0),
                       Contains("[leaky_relu] slope 1: expected at least 0 and below 1."),
                       ValueError);
  CHECK_THROWS_WITH_AS(leaky_relu(x, -0.1), Contains("slope -0.1"), ValueError);
}

TEST_CASE(
    "gelu: x times the normal distribution's function, and its slope, at every float's scale") {
  double value_off = 0.0, slope_off = 0.0, tail_off = 0.0;
  for (int i = -9000; i <= 9000; ++i) {
    const float x = static_cast<float>(i) / 1000.0f;
    const double at = static_cast<double>(x);
    const double below = 0.5 * std::erfc(-at / std::sqrt(2.0));
    const double bell = std::exp(-0.5 * at * at) / std::sqrt(2.0 * std::acos(-1.0));
    const functors::Gelu gelu;
    const double y = static_cast<double>(gelu.forward(x));
    value_off = std::max(value_off, std::abs(y - at * below) / std::max(1.0, std::abs(at)));
    slope_off = std::max(slope_off,
                         std::abs(static_cast<double>(gelu.derivative(x)) - (below + at * bell)));
    if (x < -1.0f) tail_off = std::max(tail_off, std::abs(y / (at * below) - 1.0));
  }
  CHECK(value_off < 1.2e-7);
  CHECK(slope_off < 3e-7);
  CHECK(tail_off < 4e-6);  // e^(-x^2 / 2) has the rounding of its exponent, up to 40
  const auto x =
      row<float>({-1e30f, -20.0f, -0.0f, 20.0f, 1e30f, std::numeric_limits<float>::infinity(),
                  std::numeric_limits<float>::quiet_NaN()});
  const V y = gelu(x);
  CHECK(std::abs(y.value().data()[0]) == 0.0f);
  CHECK(std::abs(y.value().data()[1]) == 0.0f);
  CHECK(y.value().data()[2] == 0.0f);
  CHECK(y.value().data()[3] == 20.0f);
  CHECK(y.value().data()[4] == 1e30f);
  CHECK(std::isinf(y.value().data()[5]));
  CHECK(std::isnan(y.value().data()[6]));
  y.backward(Tensor<float>::full(Shape{7}, 1.0f));
  const std::array<float, 5> slopes = {0.0f, 0.0f, 0.5f, 1.0f, 1.0f};
  for (std::size_t i = 0; i < slopes.size(); ++i) CHECK(x.grad().data()[i] == slopes[i]);
}

TEST_CASE("group_norm: by hand, for each image by itself; one channel a group is instance norm") {
  // Two images of one pixel: [1, 3 | 10, 20] and [0, 0 | 5, 5] in two groups.
  const std::vector<double> values = {1.0, 3.0, 10.0, 20.0, 0.0, 0.0, 5.0, 5.0};
  const Variable<double> x(Tensor<double>::from(values, Shape{2, 1, 1, 4}));
  const auto gamma = row<double>({1.0, 2.0, 1.0, 1.0}), beta = row<double>({0.0, 0.0, 0.0, 7.0});
  const auto y = group_norm(x, gamma, beta, {.groups = 2, .eps = 0.0 + 1e-12}).value();
  const std::vector<double> expected = {-1.0, 2.0, -1.0, 8.0, 0.0, 0.0, 0.0, 7.0};
  for (std::size_t i = 0; i < 8; ++i) CHECK(y.data()[i] == doctest::Approx(expected[i]));
  const auto bent = group_norm(x, gamma, beta, {.groups = 2, .eps = 1e-12, .slope = 0.1}).value();
  CHECK(bent.data()[0] == doctest::Approx(-0.1));
  CHECK(bent.data()[1] == doctest::Approx(2.0));
  // One value a group: its variance is 0, and what is left is beta.
  const auto instance = group_norm(x, gamma, beta, {.groups = 4}).value();
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(instance.data()[i] == beta.value().data()[i % 4]);
  }
}

TEST_CASE("group_norm: keeps its digits under a large offset, and says what is wrong") {
  Rng rng(4);
  const auto small = random_tensor<float>(Shape{2, 33, 31, 6}, rng);
  const auto large = small.clone();
  for (float& v : large.span()) v = std::round(v * 4096.0f) / 4096.0f + 4096.0f;
  for (std::size_t i = 0; i < small.span().size(); ++i) {
    small.span()[i] = large.span()[i] - 4096.0f;
  }
  const V ones(Tensor<float>::full(Shape{6}, 1.0f)), none(Tensor<float>::zeros(Shape{6}));
  CHECK(largest_difference(group_norm(V(small), ones, none, {.groups = 3}).value(),
                           group_norm(V(large), ones, none, {.groups = 3}).value()) < 1e-3);
  const auto refused = [&](const Shape& x, const GroupNormSpec& spec) {
    return error_of([&] { group_norm(V(Tensor<float>::zeros(x)), ones, none, spec); });
  };
  CHECK(refused({2, 4, 4, 6}, {.groups = 4}) ==
        "[group_norm] 4 groups for 6 channels: expected a number that divides them.");
  CHECK(refused({2, 4, 4, 6}, {.groups = 0}) ==
        "[group_norm] 0 groups for 6 channels: expected a number that divides them.");
  CHECK(refused({2, 4, 4, 6}, {.slope = -0.5}) == "[group_norm] slope -0.5: expected 0 to 1.");
  CHECK(refused({4, 6}, {}) == "[group_norm] x [4, 6]: expected [N, H, W, C], none of them 0.");
  CHECK(refused({1, 2, 2, 5}, {}) ==
        "[group_norm] gamma [6], beta [6] for x [1, 2, 2, 5]: expected [5] each.");
}

TEST_CASE("depthwise_conv2d: by hand, each channel by itself") {
  // Channel 0 is moved one to the left, channel 1 is three times itself, both with a bias.
  const std::vector<float> pixels = {1.0f, 10.0f, 2.0f, 20.0f, 3.0f, 30.0f};
  const std::vector<float> kernel = {0.0f, 0.0f, 0.0f, 3.0f, 1.0f, 0.0f};
  const V x(Tensor<float>::from(pixels, Shape{1, 1, 3, 2}));
  const V weight(Tensor<float>::from(kernel, Shape{1, 3, 1, 2}));
  const auto y =
      depthwise_conv2d(x, weight, row<float>({0.5f, -1.0f}), {1, 1, {0, 1, 0, 1}}).value();
  const std::vector<float> expected = {2.5f, 29.0f, 3.5f, 59.0f, 0.5f, 89.0f};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(y.data()[i] == expected[i]);
}

TEST_CASE("depthwise_conv2d: errors say what is wrong, with the shapes") {
  const auto refused = [](const Shape& x, const Shape& weight, const Conv2dSpec& spec = {},
                          const V& bias = V()) {
    return error_of([&] { depthwise_conv2d(zeros(x), zeros(weight), bias, spec); });
  };
  CHECK(refused({4, 4, 3}, {3, 3, 1, 3}) ==
        "[depthwise_conv2d] x [4, 4, 3]: expected [N, H, W, C], none of them 0.");
  CHECK(refused({1, 4, 4, 3}, {3, 3, 3, 3}) ==
        "[depthwise_conv2d] weight [3, 3, 3, 3] for x [1, 4, 4, 3]: expected [KH, KW, 1, 3].");
  CHECK(refused({1, 4, 4, 3}, {3, 3, 1, 3}, {}, zeros({2})) ==
        "[depthwise_conv2d] bias [2] for x [1, 4, 4, 3]: expected [3].");
  CHECK(refused({1, 4, 4, 3}, {3, 3, 1, 3}, {0, 1, {}}) ==
        "[depthwise_conv2d] stride 0 x 1: expected at least 1.");
  CHECK(refused({1, 4, 4, 3}, {3, 3, 1, 3}, {1, 1, {-1, 0, 0, 0}}) ==
        "[depthwise_conv2d] padding -1,0,0,0 (top, left, bottom, right): expected >= 0.");
  CHECK(
      refused({1, 2, 4, 3}, {3, 3, 1, 3}) ==
      "[depthwise_conv2d] the kernel of weight [3, 3, 1, 3] does not fit into x [1, 2, 4, 3] with "
      "its padding.");
}

TEST_CASE("gate: by hand, and without overflow for numbers of any size") {
  const std::vector<float> numbers = {1.0f, -2.0f, 3.0f, 4.0f, 5.0f, 6.0f},
                           strengths = {0.0f, 100.0f, -100.0f};
  const V x(Tensor<float>::from(numbers, Shape{1, 1, 3, 2}), true);
  const V a(Tensor<float>::from(strengths, Shape{1, 1, 3, 1}), true);
  const V y = gate(x, a);
  const std::vector<double> expected = {0.5, -1.0, 3.0, 4.0, 0.0, 0.0};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(static_cast<double>(y.value().data()[i]) == doctest::Approx(expected[i]));
  }
  y.backward(Tensor<float>::full(y.shape(), 1.0f));
  CHECK(a.grad().data()[0] == doctest::Approx(0.25 * (1.0 - 2.0)));
  for (const float huge : {1e38f, -1e38f}) {
    const V far(Tensor<float>::full(Shape{1, 1, 3, 1}, huge), true);
    const V there = gate(x, far);
    CHECK(there.value().data()[2] == (huge > 0.0f ? 3.0f : 0.0f));
    there.backward(Tensor<float>::full(y.shape(), 1.0f));
    for (const float slope : far.grad().span()) CHECK(slope == 0.0f);
  }
  const char* refusal =
      "[gate] x [1, 2, 2, 3] and a [1, 2, 2, 3]: expected [N, H, W, C], none of them 0, and "
      "[N, H, W, 1].";
  CHECK(error_of([] { gate(zeros({1, 2, 2, 3}), zeros({1, 2, 2, 3})); }) == refusal);
}

TEST_CASE("upsample_bilinear2d: by hand, half-pixel centres, the border's value outside") {
  const std::vector<float> pixels = {0.0f, 4.0f, 8.0f, 16.0f};
  const auto y = upsample_bilinear2d(V(Tensor<float>::from(pixels, Shape{1, 2, 2, 1}))).value();
  const std::vector<float> expected = {0.0f, 1.0f,  3.0f,   4.0f,  2.0f, 3.25f, 5.75f, 7.0f,
                                       6.0f, 7.75f, 11.25f, 13.0f, 8.0f, 10.0f, 14.0f, 16.0f};
  REQUIRE(y.shape() == Shape{1, 4, 4, 1});
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(y.data()[i] == expected[i]);
  const auto pixel = upsample_bilinear2d(V(Tensor<float>::full(Shape{1, 1, 1, 1}, 1e38f))).value();
  for (const float v : pixel.span()) CHECK(v == 1e38f);
  CHECK(error_of([] {
          upsample_bilinear2d(zeros({2, 3}));
        }) == "[upsample_bilinear2d] x [2, 3]: expected [N, H, W, C], none of them 0.");
}

}  // namespace dmf
