#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/options/config_file.h"
#include "apps/options/conventions.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "losses/evaluate.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

constexpr int kImages = 2, kPixels = 6, kClasses = 3;

/// Probabilities and labels of a small batch; class 2 is in no label.
struct Example {
  Tensor<double> logits{Shape{kImages, 2, 3, kClasses}};
  Tensor<std::int32_t> labels{Shape{kImages, 2, 3}};

  Example() {
    Rng rng(5);
    for (Index i = 0; i < logits.numel(); ++i) logits.data()[i] = rng.normal();
    for (Index i = 0; i < labels.numel(); ++i) {
      labels.data()[i] = static_cast<std::int32_t>(rng.below(2));
    }
  }
  double p(int image, int pixel, int k) const {
    const double* z = logits.data() + (image * kPixels + pixel) * kClasses;
    double sum = 0.0;
    for (int c = 0; c < kClasses; ++c) sum += std::exp(z[c]);
    return std::exp(z[k]) / sum;
  }
  double y(int image, int pixel, int k) const {
    return labels.data()[image * kPixels + pixel] == k ? 1.0 : 0.0;
  }
};

/// What overlaps are made of: sum of p y, of p and of y.
struct Sums {
  double both = 0.0, p = 0.0, y = 0.0;

  Sums& operator+=(const Sums& o) {
    both += o.both;
    p += o.p;
    y += o.y;
    return *this;
  }
};

Sums of_image(const Example& e, int image, int k) {
  Sums s;
  for (int i = 0; i < kPixels; ++i) {
    s += {e.p(image, i, k) * e.y(image, i, k), e.p(image, i, k), e.y(image, i, k)};
  }
  return s;
}
Sums of_batch(const Example& e, int k) {
  Sums s = of_image(e, 0, k);
  return s += of_image(e, 1, k);
}

double value_under(const std::string& config, const Example& e,
                   const std::string& loss = "mean_dice") {
  const TrainOptions o = parse_config(config, "c");
  return evaluate_loss(*make_loss<double>(loss, o.loss), Variable<double>(e.logits),
                       Labels(e.labels, kClasses), o.reduction)
      .value()
      .item();
}

}  // namespace

TEST_CASE("conventions: each peer's Dice, as its own code adds it up") {
  const Example e;
  // monai/losses/dice.py: 1 - (2 sum(p y) + 1e-5) / (sum(p) + sum(y) + 1e-5), mean over N and C
  double monai = 0.0;
  for (int n = 0; n < kImages; ++n) {
    for (int k = 0; k < kClasses; ++k) {
      const Sums s = of_image(e, n, k);
      monai += 1.0 - (2.0 * s.both + 1e-5) / (s.p + s.y + 1e-5);
    }
  }
  CHECK(value_under("convention=\"monai\"\n", e) == Approx(monai / 6.0).epsilon(1e-12));
  // smp: 1 - 2 sum(p y) / max(sum(p) + sum(y), 1e-7) of the batch, times (sum(y) > 0), mean over C
  double smp = 0.0, nnunet = 0.0;
  Sums all;
  for (int k = 0; k < kClasses; ++k) {
    const Sums s = of_batch(e, k);
    all += s;
    smp += s.y > 0.0 ? 1.0 - 2.0 * s.both / std::max(s.p + s.y, 1e-7) : 0.0;
    // nnU-Net: -(2 sum(p y) + 1e-5) / max(sum(y) + sum(p) + 1e-5, 1e-8) of the foreground
    if (k > 0) nnunet -= (2.0 * s.both + 1e-5) / std::max(s.y + s.p + 1e-5, 1e-8);
  }
  CHECK(value_under("convention=\"smp\"\n", e) == Approx(smp / 3.0).epsilon(1e-7));
  CHECK(value_under("convention=\"nnunet\"\n", e) - 1.0 == Approx(nnunet / 2.0).epsilon(1e-12));
  // Keras: 1 - (2 sum(p y) + 1e-7) / (sum(y) + sum(p) + 1e-7) over everything
  CHECK(value_under("convention=\"keras\"\n", e) ==
        Approx(1.0 - (2.0 * all.both + 1e-7) / (all.y + all.p + 1e-7)).epsilon(1e-12));
  CHECK(value_under("convention=\"paper\"\n", e) == value_under("", e));
  CHECK(value_under("convention=\"demo\"\n", e, "cb_dice") != value_under("", e, "cb_dice"));
}

TEST_CASE("conventions: each peer's Tversky") {
  const Example e;
  const std::string halves = "tversky-alpha=0.5\ntversky-beta=0.5\n";
  double smp = 0.0;
  Sums all;
  for (int k = 0; k < kClasses; ++k) {
    const Sums s = of_batch(e, k);
    all += s;
    smp += s.y > 0.0 ? 1.0 - s.both / std::max(0.5 * (s.p + s.y), 1e-7) : 0.0;
  }
  CHECK(value_under(halves + "convention=\"smp\"\n", e, "tversky") ==
        Approx(smp / 3.0).epsilon(1e-7));
  CHECK(value_under(halves + "convention=\"keras\"\n", e, "tversky") ==
        Approx(1.0 - (all.both + 1e-7) / (0.5 * (all.p + all.y) + 1e-7)).epsilon(1e-12));
}

TEST_CASE("conventions: an option that is given goes before; another name is refused") {
  const Example e;
  const std::string given = "reduction=\"batch\"\nsmooth-nr=0\nsmooth-dr=1e-07\n";
  CHECK(value_under("convention=\"monai\"\n" + given, e) == value_under("", e));
  for (const std::string& name : convention_names()) {
    CHECK(convention_settings(name).size() == convention_settings("paper").size());
    const TrainOptions o = parse_config("convention=\"" + name + "\"\n", "c");
    CHECK(o.convention == name);
  }
  CHECK_THROWS_WITH_AS(parse_config("convention=\"torch\"\n", "c"),
                       Contains("expected paper, demo"), IoError);
  CHECK_THROWS_WITH_AS(value_under("convention=\"keras\"\n", e, "cb_dice"),
                       Contains("[cb_dice] weighs the classes by how rare they are"), ValueError);
}

}  // namespace dmf
