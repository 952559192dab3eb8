#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "apps/evaluation/calibration.h"

// Probabilities that are as high as they are often right.

namespace dmf {
namespace {

using doctest::Approx;

/// Pixels in a row, of each the probabilities of its classes.
Image row(const std::vector<std::vector<float>>& pixels) {
  Image image(1, static_cast<int>(pixels.size()), static_cast<int>(pixels.front().size()));
  std::size_t i = 0;
  for (const auto& pixel : pixels) {
    for (const float p : pixel) image.pixels[i++] = p;
  }
  return image;
}

LabelMap labels(const std::vector<std::int32_t>& classes) {
  LabelMap map(1, static_cast<int>(classes.size()));
  map.labels = classes;
  return map;
}

void check_near(const Image& image, const std::vector<double>& expected) {
  REQUIRE(image.pixels.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(static_cast<double>(image.pixels[i]) == Approx(expected[i]).epsilon(1e-6));
  }
}

constexpr float kTiny = 1e-30f;

}  // namespace

TEST_CASE("calibrated: powers that sum to 1, by hand; what is certain stays so") {
  check_near(calibrated(row({{0.2f, 0.8f}, {0.5f, 0.5f}}), 2.0), {1.0 / 3, 2.0 / 3, 0.5, 0.5});
  check_near(calibrated(row({{0.2f, 0.8f}}), 0.5), {1.0 / 17, 16.0 / 17});
  check_near(calibrated(row({{0.1f, 0.4f, 0.5f}}), 0.5), {1.0 / 42, 16.0 / 42, 25.0 / 42});
  check_near(calibrated(row({{1.0f, kTiny}}), 2.0), {1.0, 1e-15});
  const Image certain = calibrated(row({{0.0f, 1.0f}}), 3.0);
  CHECK(certain.pixels[0] < 1e-12f);
  CHECK(certain.pixels[1] == 1.0f);
  const Image same = row({{0.3f, 0.7f}, {0.0f, 1.0f}});
  CHECK(calibrated(same, 1.0).pixels == same.pixels);
}

TEST_CASE("temperature: the odds 9 of what is right three times in four become 3") {
  const Image image = row({{0.9f, 0.1f}, {0.1f, 0.9f}, {0.1f, 0.9f}, {0.1f, 0.9f}, {1.0f, 0.0f}});
  TemperatureFit fit(1);
  CHECK(fit.best() == 1.0);
  CHECK(fit.cross_entropy(1.0) == 0.0);
  fit.add(image, labels({0, 1, 0, 1, 255}), 255);
  CHECK(fit.best() == 2.0);
  CHECK(fit.cross_entropy(1.0) ==
        Approx(-0.75 * std::log(0.9) - 0.25 * std::log(0.1)).epsilon(1e-6));
  CHECK(fit.cross_entropy(2.0) ==
        Approx(-0.75 * std::log(0.75) - 0.25 * std::log(0.25)).epsilon(1e-6));

  // Three classes of the odds 8 : 1 : 1, right two times in four: 2 : 1 : 1, a third of the logits.
  TemperatureFit three(2);
  three.add(row({{0.8f, 0.1f, 0.1f}, {0.8f, 0.1f, 0.1f}}), labels({0, 1}), -1);
  three.add(row({{0.1f, 0.8f, 0.1f}, {0.1f, 0.1f, 0.8f}}), labels({0, 2}), -1);
  CHECK(three.best() == 3.0);
  CHECK(three.cross_entropy(3.0) == Approx(1.5 * std::log(2.0)).epsilon(1e-6));
}

TEST_CASE("temperature: bounds where all is right or wrong, 1 where none is better") {
  const auto best = [](const Image& image, const LabelMap& truth) {
    TemperatureFit fit(1);
    fit.add(image, truth, -1);
    return fit.best();
  };
  CHECK(best(row({{0.9f, 0.1f}, {0.2f, 0.8f}}), labels({0, 1})) == TemperatureFit::kLeast);
  CHECK(best(row({{0.9f, 0.1f}, {0.2f, 0.8f}}), labels({1, 0})) == TemperatureFit::kMost);
  CHECK(best(row({{0.5f, 0.5f}}), labels({1})) == 1.0);
  CHECK(best(row({{1.0f, 0.0f}, {0.0f, 1.0f}}), labels({1, 1})) == TemperatureFit::kMost);
}

TEST_CASE("temperature: of large images pixels spread over all of them count") {
  // Two million pixels of two images; a quarter is wrong everywhere.
  Image image(1000, 1000, 2);
  LabelMap truth(1000, 1000);
  for (std::size_t i = 0; i < truth.labels.size(); ++i) {
    image.pixels[2 * i] = 0.1f;
    image.pixels[2 * i + 1] = 0.9f;
    truth.labels[i] = i % 4 == 0 ? 0 : 1;
  }
  TemperatureFit fit(2);
  for (int k = 0; k < 2; ++k) fit.add(image, truth, -1);
  CHECK(fit.best() == Approx(2.0).epsilon(0.01));
}

TEST_CASE("reliability: bins, and the expected error of them, by hand") {
  Reliability reliability;
  CHECK(reliability.pixels() == 0);
  CHECK(reliability.expected_error() == 0.0);
  reliability.add(row({{0.9f, 0.1f}, {0.1f, 0.9f}, {0.1f, 0.9f}, {0.1f, 0.9f}, {0.9f, 0.1f}}),
                  labels({0, 1, 0, 1, 255}), 255);
  reliability.add(row({{1.0f, 0.0f}, {0.5f, 0.5f}}), labels({0, 1}), 255);
  CHECK(reliability.pixels() == 6);
  const Reliability::Bin sure = reliability.bins[13], certain = reliability.bins[14],
                         unsure = reliability.bins[7];  // 0.9 lies in (13/15, 14/15]
  CHECK(sure.pixels == 4);
  CHECK(sure.accuracy() == 0.75);
  CHECK(sure.confidence() == Approx(0.9).epsilon(1e-6));
  CHECK(certain.pixels == 1);
  CHECK(certain.right == 1);
  CHECK(unsure.pixels == 1);
  CHECK(unsure.right == 0);  // of equals the first
  CHECK(reliability.expected_error() == Approx((0.6 + 0.0 + 0.5) / 6).epsilon(1e-6));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  reliability.add(row({{nan, nan}}), labels({1}), -1);
  CHECK(reliability.pixels() == 6);
  TemperatureFit broken(1);
  broken.add(row({{nan, nan}, {0.2f, 0.8f}}), labels({1, 0}), -1);
  CHECK(broken.best() == 1.0);
  Reliability three;
  three.add(row({{0.2f, 0.2f, 0.6f}}), labels({2}), -1);
  CHECK(three.expected_error() == Approx(0.4).epsilon(1e-6));
}

}  // namespace dmf
