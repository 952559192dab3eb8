#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "losses/metrics/metrics.h"
#include "losses/metrics/surface_distance.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

std::vector<std::uint8_t> rectangle(int height, int width, int top, int left, int bottom,
                                    int right) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(height * width));
  for (int h = top; h < bottom; ++h) {
    for (int w = left; w < right; ++w) mask[static_cast<std::size_t>(h * width + w)] = 1;
  }
  return mask;
}

/// By the definition: all pairs of boundary pixels.
SurfaceDistance by_definition(const std::vector<std::uint8_t>& a,
                              const std::vector<std::uint8_t>& b, int height, int width,
                              const std::array<double, 2>& spacing = {1.0, 1.0}) {
  const auto boundary = [&](const std::vector<std::uint8_t>& mask) {
    std::vector<std::pair<int, int>> points;
    const auto in = [&](int h, int w) {
      return h >= 0 && h < height && w >= 0 && w < width &&
             mask[static_cast<std::size_t>(h * width + w)] != 0;
    };
    for (int h = 0; h < height; ++h) {
      for (int w = 0; w < width; ++w) {
        if (in(h, w) && !(in(h - 1, w) && in(h + 1, w) && in(h, w - 1) && in(h, w + 1)))
          points.emplace_back(h, w);
      }
    }
    return points;
  };
  const auto pa = boundary(a), pb = boundary(b);
  std::vector<double> distances;
  const auto add = [&](const auto& from, const auto& to) {
    for (const auto& [h, w] : from) {
      double least = INFINITY;
      for (const auto& [i, j] : to) {
        least = std::min(least, std::hypot(spacing[0] * (h - i), spacing[1] * (w - j)));
      }
      distances.push_back(least);
    }
  };
  add(pa, pb);
  add(pb, pa);
  std::sort(distances.begin(), distances.end());
  const double rank = 0.95 * static_cast<double>(distances.size() - 1);
  const auto low = static_cast<std::size_t>(rank);
  const double high = distances[std::min(low + 1, distances.size() - 1)];
  double sum = 0.0;
  for (const double d : distances) sum += d;
  return {distances[low] + (rank - static_cast<double>(low)) * (high - distances[low]),
          sum / static_cast<double>(distances.size()), false};
}

}  // namespace

// eq. (11) to (15), (21) to (24)
TEST_CASE("metrics: a confusion matrix and its scores, by hand") {
  ConfusionMatrix m(2);
  const std::vector<std::int32_t> truth = {1, 1, 1, 0, 0, 0, 0, 9},
                                  prediction = {1, 1, 0, 1, 0, 0, 0, 1};
  m.add(truth, prediction, 9);
  CHECK(m.tp(1) == 2);
  CHECK(m.fp(1) == 1);
  CHECK(m.fn(1) == 1);
  CHECK(m.tn(1) == 3);
  CHECK(m.total() == 7);
  const Scores s = score(m, 0.0);
  CHECK(s["dice"].per_class[1] == Approx(4.0 / 6.0));
  CHECK(s["dice"].per_class[0] == Approx(6.0 / 8.0));
  CHECK(s["iou"].mean == Approx(0.5 * (2.0 / 4.0 + 3.0 / 5.0)));
  CHECK(s["precision"].per_class[1] == Approx(2.0 / 3.0));
  CHECK(s["recall"].per_class[0] == Approx(3.0 / 4.0));
  CHECK(s["accuracy"].mean == Approx(5.0 / 7.0));
  CHECK(s["specificity"].per_class[1] == Approx(3.0 / 4.0));
  const double p = s["precision"].mean, r = s["recall"].mean;
  CHECK(s.f1 == Approx(2 * p * r / (p + r)));
  CHECK(s.cb_dice == Approx(4.0 / 7.0 * 4.0 / 6.0 + 3.0 / 7.0 * 6.0 / 8.0));
  ConfusionMatrix sum(2);
  sum += m;
  sum += m;
  CHECK(sum.tp(1) == 4);
}

TEST_CASE("metrics: an empty class scores 0 and counts in the mean") {
  ConfusionMatrix m(3);
  const std::vector<std::int32_t> all = {0, 0, 1};
  m.add(all, all);
  const Scores s = score(m, 0.0);
  CHECK(s["dice"].per_class == std::vector<double>{1.0, 1.0, 0.0});
  CHECK(s["dice"].mean == Approx(2.0 / 3.0));
  CHECK(std::isfinite(score(ConfusionMatrix(2), 0.0).f1));
  CHECK_THROWS_WITH_AS(s["dise"], Contains("got 'dise', expected dice, iou,"), ValueError);
}

TEST_CASE("metrics: errors") {
  ConfusionMatrix m(2);
  const std::vector<std::int32_t> one = {0}, two = {0, 1}, bad = {2};
  CHECK_THROWS_WITH_AS(m.add(one, two), Contains("1 labels and 2 predictions"), ShapeError);
  CHECK_THROWS_WITH_AS(m.add(bad, one), Contains("label 2, prediction 0"), ValueError);
  CHECK_THROWS_WITH_AS(ConfusionMatrix(0), Contains("0 classes"), ValueError);
}

TEST_CASE("surface distance: known answers") {
  const int H = 20, W = 30;
  const auto a = rectangle(H, W, 5, 5, 10, 10);
  const auto same = surface_distance(a, a, H, W);
  CHECK(same.hd95 == 0.0);
  CHECK(same.average == 0.0);
  // Two single pixels 3 down and 4 to the right.
  const auto p = rectangle(H, W, 2, 2, 3, 3), q = rectangle(H, W, 5, 6, 6, 7);
  CHECK(surface_distance(p, q, H, W).hd95 == 5.0);
  CHECK(surface_distance(p, q, H, W).average == 5.0);
  const std::vector<std::uint8_t> none(static_cast<std::size_t>(H * W));
  CHECK(surface_distance(none, none, H, W).hd95 == 0.0);
  CHECK_FALSE(surface_distance(none, none, H, W).missed);
  const auto missed = surface_distance(a, none, H, W);
  CHECK(missed.missed);
  CHECK(missed.hd95 == Approx(std::hypot(20.0, 30.0)));
  CHECK_THROWS_WITH_AS(surface_distance(a, none, H, W + 1), Contains("expected 20 x 31"),
                       ShapeError);
}

TEST_CASE(
    "surface distance: agrees with its definition on touching, nested, disjoint and random masks") {
  const int H = 17, W = 23;
  Rng rng(3);
  std::vector<std::pair<std::vector<std::uint8_t>, std::vector<std::uint8_t>>> pairs = {
      {rectangle(H, W, 2, 2, 8, 8), rectangle(H, W, 2, 8, 8, 14)},     // touching
      {rectangle(H, W, 2, 2, 14, 16), rectangle(H, W, 5, 6, 9, 9)},    // nested
      {rectangle(H, W, 0, 0, 3, 3), rectangle(H, W, 14, 20, 17, 23)},  // at opposite borders
      {rectangle(H, W, 0, 0, H, W), rectangle(H, W, 8, 8, 9, 9)}};     // everything and one pixel
  for (int i = 0; i < 10; ++i) {
    std::vector<std::uint8_t> a, b;
    for (int k = 0; k < H * W; ++k) {
      a.push_back(rng.uniform() < 0.2);
      b.push_back(rng.uniform() < 0.05 * (i + 1));
    }
    pairs.emplace_back(a, b);
  }
  for (const auto& [a, b] : pairs) {
    const auto fast = surface_distance(a, b, H, W), plain = by_definition(a, b, H, W);
    CHECK(std::abs(fast.hd95 - plain.hd95) < 1e-12);
    CHECK(std::abs(fast.average - plain.average) < 1e-12);
  }
  // In millimetres, also where rows lie much farther apart than columns; the same in both axes
  // only scales.
  for (const std::array<double, 2>& spacing :
       std::vector<std::array<double, 2>>{{0.1, 0.7}, {3.0, 0.2}, {0.25, 0.25}}) {
    for (const auto& [a, b] : pairs) {
      const auto fast = surface_distance(a, b, H, W, spacing),
                 plain = by_definition(a, b, H, W, spacing);
      CHECK(std::abs(fast.hd95 - plain.hd95) < 1e-12);
      CHECK(std::abs(fast.average - plain.average) < 1e-12);
      if (spacing[0] != spacing[1]) continue;
      CHECK(fast.hd95 == Approx(0.25 * surface_distance(a, b, H, W).hd95));
    }
  }
  const std::vector<std::uint8_t> none(static_cast<std::size_t>(H * W));
  CHECK(surface_distance(pairs[0].first, none, H, W, {3.0, 0.2}).hd95 ==
        Approx(std::hypot(3.0 * H, 0.2 * W)));
}

}  // namespace dmf
