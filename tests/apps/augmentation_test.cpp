#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "apps/data/phantom.h"
#include "engine/core/parallel.h"
#include "tests/support/augmented_samples.h"

// What each transform does to images small enough to compute by hand, and what holds of all.

namespace dmf {
namespace {

using Values = std::vector<float>;
using Classes = std::vector<std::int32_t>;

Sample sample_of(int height, int width, const Values& values, const Classes& labels = {}) {
  Sample sample{Image(height, width, 1), LabelMap(height, width)};
  sample.image.pixels = values;
  if (!labels.empty()) sample.labels.labels = labels;
  return sample;
}

void check_near(const Values& got, const std::vector<double>& expected, double within = 1e-6) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK_MESSAGE(std::abs(static_cast<double>(got[i]) - expected[i]) < within, i, ": ", got[i],
                  " for ", expected[i]);
  }
}

/// An affine transform that does nothing but this.
std::string only(const std::string& what) {
  std::string text = "affine(p=1, " + what;
  for (const auto& [name, neutral] :
       {std::pair{"rotate", "0"}, {"scale", "1"}, {"shift", "0"}, {"shear", "0"}}) {
    if (what.find(name) == std::string::npos) text += std::string(", ") + name + "=" + neutral;
  }
  return text + ")";
}

const std::string kEverything =
    "flip, affine(p=1), elastic(p=1), brightness(p=1), contrast(p=1), gamma(p=1), blur(p=1), "
    "low_resolution(p=1), noise(p=1), speckle(p=1), attenuation(p=1), shadow(p=1)";

}  // namespace

TEST_CASE("flip: left and right, or above and below, to the bit") {
  const Sample sample = sample_of(2, 3, {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f}, {0, 1, 2, 0, 0, 1});
  const Sample flipped = after(sample, "flip(p=1)");
  CHECK(flipped.image.pixels == Values{0.3f, 0.2f, 0.1f, 0.6f, 0.5f, 0.4f});
  CHECK(flipped.labels.labels == Classes{2, 1, 0, 1, 0, 0});
  const Sample upside_down = after(sample, "flip(p=1, axis=vertical)");
  CHECK(upside_down.image.pixels == Values{0.4f, 0.5f, 0.6f, 0.1f, 0.2f, 0.3f});
  CHECK(upside_down.labels.labels == Classes{0, 0, 1, 0, 1, 2});
  CHECK(after(sample, "flip(p=1), flip(p=1)").image.pixels == sample.image.pixels);
}

TEST_CASE("affine: rotation, scale, shift and shear by hand") {
  const Sample nine = sample_of(3, 3, {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f},
                                {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Sample turned = after(nine, only("rotate=90"));  // clockwise
  check_near(turned.image.pixels, {0.7, 0.4, 0.1, 0.8, 0.5, 0.2, 0.9, 0.6, 0.3});
  CHECK(turned.labels.labels == Classes{7, 4, 1, 8, 5, 2, 9, 6, 3});
  const Sample sheared = after(nine, only("shear=45"));  // rows left, not, and right by a pixel
  check_near(sheared.image.pixels, {0.2, 0.3, 0, 0.4, 0.5, 0.6, 0, 0.7, 0.8});
  CHECK(sheared.labels.labels == Classes{2, 3, 0, 4, 5, 6, 0, 7, 8});
  // Twice as large about the centre: places 1/4 and 3/4 of the way.
  const Sample large = after(sample_of(1, 2, {0.0f, 1.0f}, {1, 2}), only("scale=2"));
  check_near(large.image.pixels, {0.25, 0.75});
  CHECK(large.labels.labels == Classes{1, 2});
  const Sample small = after(sample_of(1, 4, {0.2f, 0.4f, 0.6f, 0.8f}), only("scale=0.5"));
  check_near(small.image.pixels, {0, 0.3, 0.7, 0});  // from -1.5, 0.5, 2.5, 4.5
}

TEST_CASE("affine: outside is black background, or the image mirrored at its edge") {
  const Sample sample = sample_of(2, 2, {0.8f, 0.6f, 0.4f, 0.2f}, {1, 2, 3, 4});
  const Sample black = after(sample, only("shift=0.5"));  // a pixel down and to the right
  CHECK(black.image.pixels == Values{0, 0, 0, 0.8f});
  CHECK(black.labels.labels == Classes{0, 0, 0, 1});
  const Sample mirrored = after(sample, only("shift=0.5, outside=reflect"));
  CHECK(mirrored.image.pixels == Values{0.8f, 0.8f, 0.8f, 0.8f});
  CHECK(mirrored.labels.labels == Classes{1, 1, 1, 1});
  CHECK(after(sample, only("shift=1, outside=reflect")).labels.labels == Classes{4, 3, 2, 1});
  // Half a pixel: means of what lies there, a quarter of it in the corner.
  const Sample between = after(sample, only("shift=0.25"));
  check_near(between.image.pixels, {0.2, 0.35, 0.3, 0.5});
  CHECK(between.labels.labels == Classes{0, 0, 0, 4});  // of equal shares the nearest, down right
  // So far outside that it is mirrored several times.
  const Sample far = after(sample, only("shift=1, scale=0.1, outside=reflect"));
  for (const std::int32_t label : far.labels.labels) CHECK((label >= 1 && label <= 4));
}

TEST_CASE("one resampling: steps that undo each other leave every bit") {
  const Sample sample = make_phantom(PhantomKind::benign, 32, 3);
  const std::string there = only("shift=0.171875"), back = only("shift=-0.171875");  // 5.5 pixels
  CHECK(after(sample, there).image.pixels != sample.image.pixels);
  CHECK(after(sample, there + ", " + back).image.pixels == sample.image.pixels);
  CHECK(after(sample, there + ", noise(p=0), " + back).labels.labels == sample.labels.labels);
  // In the order of the text: to the right and mirrored is not mirrored and to the right.
  const Sample square = sample_of(2, 2, {0.1f, 0.2f, 0.3f, 0.4f});
  CHECK(after(square, "flip(p=1), " + only("shift=0.5")).image.pixels == Values{0, 0, 0, 0.2f});
  CHECK(after(square, only("shift=0.5") + ", flip(p=1)").image.pixels == Values{0, 0, 0.1f, 0});
}

TEST_CASE("elastic: equal moves are a shift; between the points it is smooth") {
  Displacement displacement{3, 8.0, 6.0, std::vector<Place>(9, {1.5, -2.0})};
  for (const double h : {-6.0, -3.5, 0.0, 0.3, 3.5}) {
    const Place place = displacement({h, 0.7});
    CHECK(std::abs(place.h - (h + 1.5)) < 1e-12);
    CHECK(std::abs(place.w - (0.7 - 2.0)) < 1e-12);
  }
  displacement.moves.assign(9, {});
  displacement.moves[4] = {9.0, 0.0};  // the middle, whose weight there is (4/6)^2
  CHECK(std::abs(displacement({0.0, 0.0}).h - 4.0) < 1e-12);
  CHECK(std::abs(displacement({4.0, 0.0}).h - 4.0 - 1.0) < 1e-12);  // a point further: 1/6 * 4/6
  CHECK(std::abs(displacement({9.0, 0.0}).h - 9.0 - 1.0) < 1e-12);  // it goes on outside
  const Sample sample = make_phantom(PhantomKind::benign, 32, 3);
  CHECK(after(sample, "elastic(p=1, shift=0.04)").labels.labels != sample.labels.labels);
}

TEST_CASE("labels: the largest share; the nearest of equal ones; what is ignored has no say") {
  constexpr std::array<double, 4> kEven = {0.25, 0.25, 0.25, 0.25};
  CHECK(label_by_share({1, 2, 2, 1}, {0.4, 0.3, 0.2, 0.1}, 0, -1) == 1);  // 0.5 each: the nearest
  CHECK(label_by_share({1, 2, 2, 3}, {0.4, 0.3, 0.2, 0.1}, 0, -1) == 2);  // 0.5 of 2
  CHECK(label_by_share({1, 2, 2, 1}, kEven, 1, -1) == 2);
  CHECK(label_by_share({3, 2, 1, 0}, kEven, 2, -1) == 1);
  CHECK(label_by_share({5, 3, 2, 5}, {0.125, 0.375, 0.375, 0.125}, 0, -1) == 2);  // else the least
  CHECK(label_by_share({5, 2, 3, 5}, {0.125, 0.375, 0.375, 0.125}, 0, -1) == 2);
  CHECK(label_by_share({9, 9, 1, 9}, {0.3, 0.3, 0.35, 0.05}, 2, 9) == 1);  // 0.65 to ignore
  CHECK(label_by_share({1, 9, 1, 1}, {0.2, 0.4, 0.2, 0.2}, 1, 9) == 9);    // the nearest
  // Of the lesion's pixel 0.36 stays where it was, the rest is to ignore there, or nothing.
  const Sample corner = sample_of(2, 2, Values(4), {9, 9, 9, 1});
  CHECK(after(corner, only("shift=0.2"), {}, 9).labels.labels == Classes{9, 9, 9, 1});
  CHECK(after(corner, only("shift=0.2")).labels.labels == Classes{0, 9, 9, 9});
  // Ignored pixels next to a lesion, moved by a quarter of a pixel to the right.
  const Sample sample = sample_of(1, 4, Values(4), {1, 9, 0, 1});
  CHECK(after(sample, only("shift=0.0625"), {}, 9).labels.labels == Classes{1, 9, 0, 1});
  CHECK(after(sample, only("shift=0.0625, outside=reflect"), {}, 9).labels.labels ==
        Classes{1, 9, 0, 1});
}

TEST_CASE("labels go with an image that is its own mask, whatever moves it") {
  Sample mask = make_phantom(PhantomKind::malignant, 48, 5);
  for (std::size_t i = 0; i < mask.image.pixels.size(); ++i) {
    mask.image.pixels[i] = static_cast<float>(mask.labels.labels[i]);
  }
  for (const std::string outside : {"black", "reflect"}) {
    const std::string text = "flip, affine(p=1, rotate=-180:180, outside=" + outside +
                             "), elastic(p=1, outside=" + outside + ")";
    for (std::size_t item = 0; item < 30; ++item) {
      const Sample moved = after(mask, text, {1, 0, item});
      for (std::size_t i = 0; i < moved.labels.labels.size(); ++i) {
        const float share = moved.image.pixels[i];
        if (share != 0.5f) REQUIRE(moved.labels.labels[i] == (share > 0.5f ? 1 : 0));
      }
    }
  }
}

TEST_CASE("brightness, contrast and gamma by hand") {
  const Sample sample = sample_of(1, 4, {0.0f, 0.25f, 0.5f, 0.85f});
  check_near(after(sample, "brightness(p=1, factor=1.2)").image.pixels, {0, 0.3, 0.6, 1});
  // About the mean of 0.4.
  check_near(after(sample, "contrast(p=1, factor=2)").image.pixels, {0, 0.1, 0.6, 1});
  check_near(after(sample, "contrast(p=1, factor=0)").image.pixels, {0.4, 0.4, 0.4, 0.4});
  check_near(after(sample, "gamma(p=1, exponent=2, inverted=0)").image.pixels,
             {0, 0.0625, 0.25, 0.7225});
  check_near(after(sample, "gamma(p=1, exponent=2, inverted=1)").image.pixels,
             {0, 0.4375, 0.75, 0.9775});
}

TEST_CASE("blur: a Gaussian; low resolution: means, and between them") {
  Values point(9);
  point[4] = 1.0f;
  double sum = 0.0;
  std::vector<double> expected;
  for (int k = -4; k <= 4; ++k) expected.push_back(std::exp(-0.5 * k * k));
  for (const double weight : expected) sum += weight;
  for (double& weight : expected) weight /= sum;
  check_near(after(sample_of(1, 9, point), "blur(p=1, sigma=1)").image.pixels, expected);
  check_near(after(sample_of(9, 1, point), "blur(p=1, sigma=1)").image.pixels, expected);
  // The edge goes on: what is even stays so.
  check_near(after(sample_of(2, 2, Values(4, 0.7f)), "blur(p=1, sigma=3)").image.pixels,
             std::vector<double>(4, 0.7));
  check_near(after(sample_of(1, 4, {0.0f, 0.4f, 0.6f, 0.8f}), "low_resolution(p=1, zoom=0.5)")
                 .image.pixels,
             {0.2, 0.325, 0.575, 0.7});
  check_near(after(sample_of(1, 4, {0.0f, 0.4f, 0.6f, 0.8f}), "low_resolution(p=1, zoom=0.25)")
                 .image.pixels,
             {0.45, 0.45, 0.45, 0.45});  // of all, not of the middle ones
}

TEST_CASE("noise and speckle: their spread, and the same in all channels") {
  const auto spread_of = [](const std::string& text, float value) {
    const Sample noisy = after(sample_of(64, 64, Values(64 * 64, value)), text);
    double sum = 0.0, squares = 0.0;
    for (const float pixel : noisy.image.pixels) {
      const double off = static_cast<double>(pixel) - static_cast<double>(value);
      sum += off;
      squares += off * off;
    }
    CHECK(std::abs(sum / 4096) < 4.0 * std::sqrt(squares) / 4096 + 1e-12);
    return std::sqrt(squares / 4096);
  };
  CHECK(spread_of("noise(p=1, sigma=0.1)", 0.5f) == doctest::Approx(0.1).epsilon(0.05));
  CHECK(spread_of("speckle(p=1, sigma=0.1)", 0.5f) == doctest::Approx(0.05).epsilon(0.05));
  CHECK(spread_of("speckle(p=1, sigma=0.1)", 0.0f) == 0.0);
  Sample colour{Image(4, 4, 3), LabelMap(4, 4)};
  for (float& pixel : colour.image.pixels) pixel = 0.5f;
  const Image noisy = after(colour, "noise(p=1, sigma=0.1), speckle(p=1, sigma=0.1)").image;
  for (int h = 0; h < 4; ++h) {
    CHECK(noisy.at(h, 0, 0) == noisy.at(h, 0, 1));
    CHECK(noisy.at(h, 0, 0) == noisy.at(h, 0, 2));
    CHECK(noisy.at(h, 0) != noisy.at(h, 1));
  }
}

TEST_CASE("attenuation and shadow by hand") {
  const Sample column = sample_of(4, 1, {0.8f, 0.8f, 0.8f, 0.8f});
  check_near(after(column, "attenuation(p=1, rate=1)").image.pixels,
             {0.8 * std::exp(-0.125), 0.8 * std::exp(-0.375), 0.8 * std::exp(-0.625),
              0.8 * std::exp(-0.875)});
  check_near(after(column, "attenuation(p=1, rate=-1)").image.pixels,
             {0.8 * std::exp(0.125), 1, 1, 1});
  // Along its middle: not yet, half begun (smooth step of 1/2), in full.
  check_near(after(sample_of(3, 1, {0.9f, 0.9f, 0.9f}),
                   "shadow(p=1, strength=0.5, width=0.6666666666666666, centre=0.5, "
                   "top=0.3333333333333333)")
                 .image.pixels,
             {0.9, 0.9 * 0.75, 0.9 * 0.5});
  // Across, from the middle of the second of four: smooth steps of 1/2, 1, 1/2 and 0.
  check_near(after(sample_of(1, 4, Values(4, 1.0f)),
                   "shadow(p=1, strength=0.4, width=1, centre=0.375, top=0)")
                 .image.pixels,
             {0.8, 0.6, 0.8, 1});
}

TEST_CASE("neutral settings leave every bit, of every transform") {
  const std::map<std::string, std::string, std::less<>> neutral = {
      {"flip", "flip(p=0)"},
      {"affine", "affine(p=1, rotate=0, scale=1, shift=0, shear=0)"},
      {"elastic", "elastic(p=1, shift=0)"},
      {"brightness", "brightness(p=1, factor=1)"},
      {"contrast", "contrast(p=1, factor=1)"},
      {"gamma", "gamma(p=1, exponent=1, inverted=0.5)"},
      {"blur", "blur(p=1, sigma=0)"},
      {"low_resolution", "low_resolution(p=1, zoom=1)"},
      {"noise", "noise(p=1, sigma=0)"},
      {"speckle", "speckle(p=1, sigma=0)"},
      {"attenuation", "attenuation(p=1, rate=0)"},
      {"shadow", "shadow(p=1, strength=0)"}};
  for (const Transform* transform : transforms()) {
    REQUIRE_MESSAGE(neutral.contains(transform->name), transform->name);
    CHECK_MESSAGE(((transform->move == nullptr) != (transform->change == nullptr)),
                  transform->name);
    for (std::size_t item = 0; item < 20; ++item) {
      Sample sample = random_sample(7, 9, 1, item);
      sample.image.pixels[5] = 1e-20f;  // which 1 - (1 - v) would lose
      const std::string name(transform->name);
      const Sample same = after(sample, neutral.at(name), {1, 0, item});
      CHECK_MESSAGE(same.image.pixels == sample.image.pixels, name);
      CHECK_MESSAGE(same.labels.labels == sample.labels.labels, name);
      // With p=0 nothing happens whatever is set; with p=1 and its defaults something does.
      CHECK(after(sample, name + "(p=0)", {1, 0, item}).image.pixels == sample.image.pixels);
    }
    const Sample sample = make_phantom(PhantomKind::benign, 32, 1);
    int changed = 0;
    for (std::size_t item = 0; item < 10; ++item) {
      changed += after(sample, std::string(transform->name) + "(p=1)", {1, 0, item}).image.pixels !=
                 sample.image.pixels;
    }
    CHECK_MESSAGE(changed >= 8, transform->name);
  }
}

TEST_CASE("any size: intensities stay in [0, 1], classes are those that there were") {
  for (const auto& [height, width, channels] :
       {std::tuple{1, 1, 1}, {1, 6, 1}, {5, 1, 3}, {7, 4, 1}, {3, 8, 3}, {16, 16, 1}}) {
    for (std::size_t item = 0; item < 40; ++item) {
      const Sample sample = random_sample(height, width, channels, item);
      std::string text = kEverything;
      if (item % 2 == 1) {
        text.replace(text.find("affine(p=1)"), 11, "affine(p=1, outside=reflect)");
        text.replace(text.find("elastic(p=1)"), 12, "elastic(p=1, outside=reflect)");
      }
      const Sample changed = after(sample, text, {3, 1, item});
      REQUIRE(changed.image.pixels.size() == sample.image.pixels.size());
      for (const float pixel : changed.image.pixels) REQUIRE((pixel >= 0.0f && pixel <= 1.0f));
      std::set<std::int32_t> classes(sample.labels.labels.begin(), sample.labels.labels.end());
      if (item % 2 == 0) classes.insert(0);  // black is background
      for (const std::int32_t label : changed.labels.labels) REQUIRE(classes.contains(label));
      for (const Transform* transform : transforms()) {  // none relies on a later one
        const Sample one = after(sample, std::string(transform->name) + "(p=1)", {3, 1, item});
        for (const float pixel : one.image.pixels) {
          REQUIRE_MESSAGE((pixel >= 0.0f && pixel <= 1.0f), transform->name);
        }
      }
    }
  }
}

TEST_CASE("draws: within their ranges, as often as p says, evenly") {
  Settings settings(std::vector<Setting>{{"even", std::vector<double>{-3.0, 5.0}, ""},
                                         {"scale", std::vector<double>{0.5, 2.0}, ""},
                                         {"fixed", std::vector<double>{0.3, 0.3}, ""}});
  constexpr int kDraws = 20000;
  double least = 9.0, most = -9.0, sum = 0.0;
  int happened = 0, below_one = 0;
  for (std::size_t item = 0; item < kDraws; ++item) {
    TransformDraws draws({7, 2, item}, "affine", 0, settings);
    happened += draws.happens(0.3) ? 1 : 0;
    const double even = draws.drawn("even"), scale = draws.drawn_in_logarithm("scale");
    REQUIRE((even >= -3.0 && even <= 5.0));
    REQUIRE((scale >= 0.5 && scale <= 2.0));
    REQUIRE(draws.drawn("fixed") == 0.3);
    REQUIRE(draws.drawn_in_logarithm("fixed") == 0.3);
    least = std::min(least, even);
    most = std::max(most, even);
    sum += even;
    below_one += scale < 1.0 ? 1 : 0;
  }
  CHECK(least < -2.99);
  CHECK(most > 4.99);
  CHECK(std::abs(sum / kDraws - 1.0) < 4.0 * 8.0 / std::sqrt(12.0 * kDraws));
  CHECK(std::abs(happened - 0.3 * kDraws) < 4.0 * std::sqrt(0.21 * kDraws));
  CHECK(std::abs(below_one - 0.5 * kDraws) < 4.0 * std::sqrt(0.25 * kDraws));  // half in logarithm
}

TEST_CASE("draws: a function of seed, epoch, image, transform and occurrence, each for itself") {
  const Settings settings(std::vector<Setting>{{"even", std::vector<double>{0.0, 1.0}, ""}});
  const auto first = [&](const DrawKey& key, const char* name, int occurrence) {
    return TransformDraws(key, name, occurrence, settings).drawn("even");
  };
  const double drawn = first({1, 2, 3}, "blur", 0);
  CHECK(first({1, 2, 3}, "blur", 0) == drawn);
  CHECK(first({2, 2, 3}, "blur", 0) != drawn);
  CHECK(first({1, 3, 3}, "blur", 0) != drawn);
  CHECK(first({1, 2, 4}, "blur", 0) != drawn);
  CHECK(first({1, 2, 3}, "noise", 0) != drawn);
  CHECK(first({1, 2, 3}, "blur", 1) != drawn);
}

TEST_CASE("draws: a transform added, removed, moved or set otherwise changes no other's") {
  const Sample sample = make_phantom(PhantomKind::benign, 32, 2);
  const std::vector<std::string> each = {
      "brightness(p=0.5)",  "contrast(p=0.5)", "gamma(p=0.5)",
      "blur(p=0.5)",        "noise(p=0.5)",    "speckle(p=0.5)",
      "attenuation(p=0.5)", "shadow(p=0.5)",   "low_resolution(p=0.5)"};
  for (std::size_t item = 0; item < 12; ++item) {
    const DrawKey key{5, 1, item};
    // All in one composition are one after the other alone.
    std::string all;
    Sample in_turn = sample;
    for (const std::string& text : each) {
      all += (all.empty() ? "" : ", ") + text;
      in_turn = after(in_turn, text, key);
    }
    const Sample together = after(sample, all, key);
    CHECK(together.image.pixels == in_turn.image.pixels);
    // Others that do nothing around them, and geometry: their coin is their own.
    CHECK(after(sample, "flip(p=0), " + all + ", affine(p=0)", key).image.pixels ==
          together.image.pixels);
    const Sample moved = after(sample, "flip, affine", key);
    CHECK(after(sample, all + ", flip, affine", key).image.pixels ==
          after(moved, all, key).image.pixels);
    // The same transform once more draws anew; the first draws what it drew.
    CHECK(after(sample, "noise(p=1), noise(p=1)", key).image.pixels !=
          after(after(sample, "noise(p=1)", key), "noise(p=1)", key).image.pixels);
    CHECK(after(sample, "noise(p=1), noise(p=0)", key).image.pixels ==
          after(sample, "noise(p=1)", key).image.pixels);
  }
  // A range that is set otherwise moves no draw behind it.
  for (const std::vector<double>& range : {std::vector<double>{0.0, 0.0}, {-1.0, 4.0}}) {
    const Settings settings(
        std::vector<Setting>{{"first", range, ""}, {"second", std::vector<double>{0.0, 1.0}, ""}});
    TransformDraws draws({}, "affine", 0, settings);
    draws.happens(range[1] / 4.0);
    draws.drawn("first");
    const Settings plain(std::vector<Setting>{{"second", std::vector<double>{0.0, 1.0}, ""}});
    TransformDraws others({}, "affine", 0, plain);
    others.drawn("second");
    others.drawn("second");
    CHECK(draws.drawn("second") == others.drawn("second"));
  }
}

TEST_CASE("augment: the same on any thread") {
  const Sample sample = make_phantom(PhantomKind::benign, 32, 2);
  std::vector<Values> alone, beside(16);
  for (std::size_t item = 0; item < beside.size(); ++item) {
    alone.push_back(after(sample, kEverything, {1, 0, item}).image.pixels);
  }
  parallel_for(static_cast<Index>(beside.size()), [&](Index i) {
    const auto item = static_cast<std::size_t>(i);
    beside[item] = after(sample, kEverything, {1, 0, item}).image.pixels;
  });
  CHECK(alone == beside);
}

}  // namespace dmf
