#include <doctest/doctest.h>

#include <cmath>

#include "apps/evaluation/tiles.h"
#include "engine/core/rng.h"
#include "tests/support/pixelwise.h"

// Images larger than a network's size, seen in windows.

namespace dmf {
namespace {

using doctest::Approx;

/// Says of a pixel in which column of its window it lies: the logits 0 and that.
class Columns : public Network<float> {
 public:
  Columns() : Network<float>(NetworkSpec{.name = "columns"}, Device::cpu()) {}

  Variable<float> forward(const Variable<float>& x) override {
    const Index W = x.size(2);
    Tensor<float> logits(Shape{x.size(0), x.size(1), W, 2});
    for (Index i = 0; i < logits.numel() / 2; ++i) {
      logits.data()[2 * i] = 0.0f;
      logits.data()[2 * i + 1] = static_cast<float>(i % W);
    }
    return Variable<float>(logits);
  }
};

Image noise(int height, int width) {
  Image image(height, width, 1);
  Rng rng(static_cast<std::uint64_t>(100 * height + width));
  for (float& pixel : image.pixels) pixel = static_cast<float>(rng.uniform());
  return image;
}

}  // namespace

TEST_CASE(
    "windows: evenly spread from the first pixel to the last, half of each is the next one's") {
  using Starts = std::vector<int>;
  CHECK(window_starts(3, 10) == Starts{0});
  CHECK(window_starts(10, 10) == Starts{0});
  CHECK(window_starts(11, 10) == Starts{0, 1});
  CHECK(window_starts(20, 10) == Starts{0, 5, 10});
  CHECK(window_starts(21, 10) == Starts{0, 3, 7, 11});
  CHECK(window_starts(7, 3) == Starts{0, 1, 2, 3, 4});
  CHECK(window_starts(3, 1) == Starts{0, 1, 2});
  for (int window = 1; window < 12; ++window) {
    for (int length = window; length < 60; ++length) {
      const Starts starts = window_starts(length, window);
      CHECK(starts.front() == 0);
      CHECK(starts.back() == length - window);
      for (std::size_t k = 1; k < starts.size(); ++k) {
        CHECK(starts[k] > starts[k - 1]);
        CHECK(starts[k] - starts[k - 1] <= std::max(1, window / 2));
      }
    }
  }
}

TEST_CASE("windows: weights are a Gaussian of an eighth, by hand") {
  CHECK(window_weights(1) == std::vector<double>{1.0});
  const std::vector<double> eight = window_weights(8);  // sigma 1, the middle at 3.5
  for (const auto& [at, squares] : {std::pair{0, 12.25}, {1, 6.25}, {2, 2.25}, {3, 0.25}}) {
    const auto k = static_cast<std::size_t>(at);
    CHECK(eight[k] == Approx(std::exp(-squares / 2)).epsilon(1e-12));
    CHECK(eight[7 - k] == eight[k]);
  }
}

TEST_CASE(
    "tiles: where windows overlap each counts by its weight, by hand on a row of six pixels") {
  // Windows of 4 begin at 0 and 2; sigma 1/2, so that the weights are e^-4.5, e^-0.5 and back.
  Columns network;
  const Image seen = opinions_in_tiles(Predictor(network), Image(1, 6, 1), 4, 8).front();
  const auto p = [](int column) { return 1.0 / (1.0 + std::exp(-column)); };
  const double edge = std::exp(-4.5), middle = std::exp(-0.5), both = edge + middle;
  const std::vector<double> expected = {
      p(0), p(1), (middle * p(2) + edge * p(0)) / both, (edge * p(3) + middle * p(1)) / both,
      p(2), p(3)};
  REQUIRE(seen.height == 1);
  REQUIRE(seen.width == 6);
  for (int w = 0; w < 6; ++w) {
    CHECK(static_cast<double>(seen.at(0, w, 1)) ==
          Approx(expected[static_cast<std::size_t>(w)]).epsilon(1e-6));
  }
}

TEST_CASE("tiles: what sees one pixel at a time gives exactly what it gives without, of any size") {
  Pixelwise network(5.0f), constant(0.0f);
  const std::vector<std::pair<int, int>> sizes = {{8, 8}, {9, 8}, {8, 9},  {9, 23}, {31, 17},
                                                  {3, 5}, {1, 1}, {1, 40}, {40, 7}};
  for (const auto& size : sizes) {
    const int height = size.first, width = size.second;
    const Image image = noise(height, width);
    CAPTURE(height);
    CAPTURE(width);
    const Image whole =
        Predictor(network)
            .probabilities(Tensor<float>::from(image.pixels, Shape{1, height, width, 1}))
            .front();
    for (const int window : {8, 7, 1}) {
      for (const int batch : {1, 3}) {
        CHECK(opinions_in_tiles(Predictor(network), image, window, batch).front().pixels ==
              whole.pixels);
      }
    }
    const auto both = opinions_in_tiles(Predictor({&network, &constant}), image, 8, 2);
    REQUIRE(both.size() == 2);
    CHECK(both[0].pixels == whole.pixels);
    CHECK(both[1].pixels == std::vector<float>(whole.pixels.size(), 0.5f));
  }
}

}  // namespace dmf
