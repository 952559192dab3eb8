#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/image/label_resize.h"
#include "apps/image/preprocess.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"

namespace dmf {
namespace {

using doctest::Contains;

LabelMap drawn(int height, int width, const std::vector<std::int32_t>& labels) {
  LabelMap map(height, width);
  map.labels = labels;
  return map;
}

/// Rectangles of random classes on background; many are a pixel or two.
LabelMap random_labels(Rng& rng, int height, int width, int classes) {
  LabelMap map(height, width);
  const auto below = [&](int n) {
    return static_cast<int>(rng.below(static_cast<std::uint64_t>(n)));
  };
  for (int k = below(6); k > 0; --k) {
    const int h = below(height), w = below(width), label = below(classes);
    const int high = 1 + below(below(2) ? 2 : height), wide = 1 + below(below(2) ? 2 : width);
    for (int i = h; i < std::min(h + high, height); ++i) {
      for (int j = w; j < std::min(w + wide, width); ++j) map.at(i, j) = label;
    }
  }
  return map;
}

/// The number of each pixel's lesion, by flooding; -1 outside.
std::vector<int> flooded(const LabelMap& map, int ignored, int& count) {
  std::vector<int> lesion(map.labels.size(), -1);
  count = 0;
  for (int h = 0; h < map.height; ++h) {
    for (int w = 0; w < map.width; ++w) {
      if (map.at(h, w) <= 0 || map.at(h, w) == ignored || lesion[map.index(h, w)] >= 0) continue;
      std::vector<std::pair<int, int>> open = {{h, w}};
      while (!open.empty()) {
        const auto [i, j] = open.back();
        open.pop_back();
        if (i < 0 || j < 0 || i >= map.height || j >= map.width) continue;
        if (map.at(i, j) != map.at(h, w) || lesion[map.index(i, j)] >= 0) continue;
        lesion[map.index(i, j)] = count;
        for (int y = i - 1; y <= i + 1; ++y) {
          for (int x = j - 1; x <= j + 1; ++x) open.emplace_back(y, x);
        }
      }
      ++count;
    }
  }
  return lesion;
}

/// Whether input pixel k and output pixel i share a part of the axis.
bool meet(int k, int i, int in, int out) {
  return k * out < (i + 1) * in && i * in < (k + 1) * out;
}

/// Lesions that some output pixel shows.
std::set<int> shown(const LabelMap& from, const std::vector<int>& lesion, const LabelMap& to) {
  std::set<int> seen;
  for (int h = 0; h < from.height; ++h) {
    for (int w = 0; w < from.width; ++w) {
      if (lesion[from.index(h, w)] < 0) continue;
      for (int i = 0; i < to.height; ++i) {
        for (int j = 0; j < to.width; ++j) {
          if (to.at(i, j) == from.at(h, w) && meet(h, i, from.height, to.height) &&
              meet(w, j, from.width, to.width)) {
            seen.insert(lesion[from.index(h, w)]);
          }
        }
      }
    }
  }
  return seen;
}

/// Share by definition: both grids on the finest one that holds them.
std::map<std::int32_t, int> areas(const LabelMap& from, int i, int j, int height, int width) {
  std::map<std::int32_t, int> area;
  for (int y = i * from.height; y < (i + 1) * from.height; ++y) {
    for (int x = j * from.width; x < (j + 1) * from.width; ++x) {
      ++area[from.at(y / height, x / width)];
    }
  }
  return area;
}

}  // namespace

TEST_CASE("label resize: each pixel gets a label that covers most of it, and no lesion vanishes") {
  Rng rng(11, 0);
  int vanished_once = 0, lost = 0;
  for (int round = 0; round < 600; ++round) {
    const auto side = [&](std::uint64_t most) { return 1 + static_cast<int>(rng.below(most)); };
    const int height = side(24), width = side(24), out_h = side(9), out_w = side(9);
    const int ignored = round % 3 == 0 ? 2 : -1;
    const LabelMap labels = random_labels(rng, height, width, 4);
    const ResizedLabels resized = resize_labels(labels, out_h, out_w, LabelResize::share, ignored);
    int count = 0;
    const std::vector<int> lesion = flooded(labels, ignored, count);
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(count));
    for (const int l : lesion) {
      if (l >= 0) ++sizes[static_cast<std::size_t>(l)];
    }
    std::sort(sizes.rbegin(), sizes.rend());
    CHECK(lesion_sizes(labels, ignored) == sizes);
    int differing = 0;
    LabelMap plain(out_h, out_w);
    for (int i = 0; i < out_h; ++i) {
      for (int j = 0; j < out_w; ++j) {
        const auto area = areas(labels, i, j, out_h, out_w);
        const auto most =
            std::max_element(area.begin(), area.end(),
                             [](const auto& a, const auto& b) { return a.second < b.second; });
        const std::int32_t got = resized.labels.at(i, j);
        REQUIRE(area.contains(got));
        plain.at(i, j) = most->first;
        if (area.at(got) < most->second)
          ++differing;
        else
          plain.at(i, j) = got;  // one of the largest
      }
    }
    const std::set<int> before = shown(labels, lesion, plain),
                        after = shown(labels, lesion, resized.labels);
    const int vanished = count - static_cast<int>(before.size());
    CHECK(resized.lost == count - static_cast<int>(after.size()));
    CHECK(std::includes(after.begin(), after.end(), before.begin(), before.end()));
    CHECK(resized.kept + resized.lost >= vanished);
    CHECK(differing <= resized.kept);
    vanished_once += vanished;
    lost += resized.lost;
  }
  CHECK(vanished_once > 100);  // the property was put to the test
  CHECK(lost > 0);             // several lesions, fewer pixels
}

TEST_CASE("label resize: by hand") {
  // Three of four pixels; a tie goes to the centre's label, which is the lower right.
  CHECK(resize_labels(drawn(2, 2, {1, 1, 1, 0}), 1, 1, LabelResize::share).labels.labels ==
        std::vector<std::int32_t>{1});
  CHECK(resize_labels(drawn(2, 2, {0, 0, 3, 3}), 1, 1, LabelResize::share).labels.labels ==
        std::vector<std::int32_t>{3});
  // A speck in the corner of a quarter: nearest loses it, share keeps it where it lies.
  LabelMap speck(8, 8);
  speck.at(4, 0) = 1;
  const ResizedLabels nearest = resize_labels(speck, 2, 2, LabelResize::nearest);
  CHECK(nearest.labels.labels == std::vector<std::int32_t>{0, 0, 0, 0});
  CHECK(nearest.lost == 1);
  const ResizedLabels share = resize_labels(speck, 2, 2, LabelResize::share);
  CHECK(share.labels.labels == std::vector<std::int32_t>{0, 0, 1, 0});
  CHECK(share.kept == 1);
  CHECK(share.lost == 0);
  // Pixels that touch at a corner are one lesion, in both directions.
  for (const int below : {0, 2}) {
    LabelMap corner(8, 8);
    corner.at(0, 1) = corner.at(1, below) = 1;
    CHECK(resize_labels(corner, 2, 2, LabelResize::share).kept == 1);
  }
  // Two classes, one pixel: one of them has to go, and it is said.
  const ResizedLabels one = resize_labels(drawn(1, 4, {1, 0, 0, 2}), 1, 1, LabelResize::share);
  CHECK(one.labels.labels == std::vector<std::int32_t>{1});
  CHECK(one.kept == 1);
  CHECK(one.lost == 1);
  // What takes no part is no lesion.
  LabelMap ring(8, 8);
  ring.at(0, 0) = 255;
  CHECK(resize_labels(ring, 2, 2, LabelResize::share, 255).labels.labels ==
        std::vector<std::int32_t>{0, 0, 0, 0});
  CHECK(name_of(kLabelResizes, LabelResize::nearest) == "nearest");
  CHECK_THROWS_WITH_AS(entry_named(kLabelResizes, "area", "label-resize"),
                       Contains("expected share or nearest"), ValueError);
}

TEST_CASE(
    "label resize: larger by a whole number repeats every pixel, and equal sizes change nothing") {
  Rng rng(12, 0);
  for (int round = 0; round < 50; ++round) {
    const LabelMap labels = random_labels(rng, 5, 7, 3);
    CHECK(resize_labels(labels, 5, 7, LabelResize::share).labels.labels == labels.labels);
    const LabelMap larger = resize_labels(labels, 15, 14, LabelResize::share).labels;
    for (int h = 0; h < 15; ++h) {
      for (int w = 0; w < 14; ++w) REQUIRE(larger.at(h, w) == labels.at(h / 3, w / 2));
    }
  }
}

TEST_CASE("label resize: a mask of single pixels is done in a moment") {
  LabelMap noise(600, 600);
  for (int h = 0; h < 600; h += 2) {
    for (int w = 0; w < 600; w += 2) noise.at(h, w) = 1 + (h + w) / 2 % 2;
  }
  const ResizedLabels resized = resize_labels(noise, 100, 100, LabelResize::share);
  CHECK(resized.kept + resized.lost == 90000);
}

TEST_CASE("preprocess: labels keep the aspect, and the way they are scaled is in the metadata") {
  PreprocessSpec spec;
  spec.size = 4;
  spec.keep_aspect = true;
  LabelMap labels(16, 8);
  labels.at(15, 7) = 1;
  const ResizedLabels resized = preprocess(labels, spec, -1);
  CHECK(resized.labels.labels ==
        std::vector<std::int32_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0});
  CHECK(resized.kept == 1);
  CHECK(PreprocessSpec::from_metadata(spec.to_metadata()).label_resize == LabelResize::share);
  Metadata older = spec.to_metadata();
  older.erase("preprocess.label_resize");
  CHECK(PreprocessSpec::from_metadata(older).label_resize == LabelResize::nearest);
}

}  // namespace dmf
