#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "apps/data/mask_notes.h"
#include "apps/image/masks/mask_choice.h"
#include "engine/core/check.h"
#include "tests/support/drawn_masks.h"

namespace dmf {
namespace {

using doctest::Contains;
using Without = MaskWriting::Without;

/// Drawn masks, written into files and surveyed.
struct MaskSet {
  std::vector<LabelMap> drawn;
  std::vector<RawImage> files;
  std::vector<SurveyedMask> surveyed;

  void add(LabelMap labels, const RawImage& file) {
    surveyed.push_back(survey_mask("mask" + std::to_string(files.size()) + ".png", file));
    drawn.push_back(std::move(labels));
    files.push_back(file);
  }
  std::vector<MaskFacts> facts() const {
    std::vector<MaskFacts> all;
    for (const SurveyedMask& mask : surveyed) all.push_back(mask.facts);
    return all;
  }
  MaskEncoding choose(const MaskOptions& options = {}) const {
    return choose_mask_encoding(facts(), options);
  }
  /// Every pixel as drawn, from the file and from what was kept of it.
  bool labels_are_right(const MaskEncoding& encoding) const {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (to_labels("m", files[i], encoding).labels != drawn[i].labels) return false;
      if (to_labels(surveyed[i], encoding).labels != drawn[i].labels) return false;
    }
    return true;
  }
};

MaskSet draw_set(Rng& rng, const MaskWriting& writing) {
  MaskSet set;
  const auto count = 1 + rng.below(4);
  for (std::uint64_t i = 0; i < count; ++i) {
    const int drawn_classes = static_cast<int>(writing.pixels.size());
    LabelMap map = draw_mask(rng, drawn_classes, i == 0);
    const RawImage file = write_mask(map, writing);
    for (std::int32_t& label : map.labels) {
      if (writing.ignored >= 0 && label == drawn_classes - 1) label = writing.ignored;
    }
    set.add(std::move(map), file);
  }
  return set;
}

std::string refusal_of(const MaskSet& set, const MaskOptions& options = {}) {
  try {
    set.choose(options);
  } catch (const IoError& error) {
    return error.what();
  }
  return "";
}

MaskSet grey_set(const std::vector<std::vector<int>>& rows, int largest = 255,
                 FileFormat format = FileFormat::png) {
  MaskSet set;
  for (const auto& row : rows) {
    RawImage raw{1, static_cast<int>(row.size()), 1, largest};
    raw.format = format;
    for (const int v : row) raw.samples.push_back(static_cast<std::uint16_t>(v));
    set.add(LabelMap(1, raw.width), raw);
  }
  return set;
}

/// A disc of radius r about the middle, by `value(distance from the centre)`.
template <class Value>
RawImage disc(int side, const Value& value, FileFormat format = FileFormat::png) {
  RawImage raw{side, side, 1, 255};
  raw.format = format;
  for (int h = 0; h < side; ++h) {
    for (int w = 0; w < side; ++w) {
      const double dh = h - side / 2.0 + 0.25, dw = w - side / 2.0 - 0.125;
      raw.samples.push_back(static_cast<std::uint16_t>(value(std::sqrt(dh * dh + dw * dw))));
    }
  }
  return raw;
}

}  // namespace

TEST_CASE("masks: what was drawn is read, or refused naming what settles it: every encoding") {
  const char* asked = std::getenv("DMF_MASK_COMBINATIONS");
  const long combinations = asked != nullptr ? std::strtol(asked, nullptr, 10) : 3000;
  Rng rng(20, 1);
  for (long done = 0; done < combinations;) {
    for (const MaskWriting& writing : mask_writings(rng)) {
      ++done;
      const MaskSet set = draw_set(rng, writing);
      CAPTURE(writing.name);
      CAPTURE(done);
      MaskOptions options;
      if (writing.without != Without::read) {
        const std::string refusal = refusal_of(set);
        if (writing.without == Without::refused) {
          REQUIRE_MESSAGE(refusal.find("[mask] mask") == 0, refusal);
          const std::string named = writing.settles.substr(0, writing.settles.find(' '));
          REQUIRE_MESSAGE(refusal.find(named) != std::string::npos, refusal);
          REQUIRE(refusal.find('\n') == std::string::npos);
        } else {
          REQUIRE(refusal.empty());
        }
        give(options, writing.settles);
      }
      MaskEncoding encoding;
      REQUIRE_NOTHROW(encoding = set.choose(options));
      REQUIRE(set.labels_are_right(encoding));
      REQUIRE(encoding.classes == writing.classes);
      REQUIRE(!encoding.evidence.empty());
      const MaskEncoding kept = MaskEncoding::from_metadata(encoding.to_metadata());
      REQUIRE(kept == encoding);
      // A run's configuration holds the number that was decided: it changes nothing.
      options.classes = encoding.classes;
      REQUIRE(set.choose(options) == encoding);
    }
  }
}
TEST_CASE("masks: a suggested option can be pasted, and gives the classes in their order") {
  const auto pasted = [](const MaskSet& set, const std::string& option) {
    const std::string refusal = refusal_of(set);
    REQUIRE_MESSAGE(refusal.find(option) != std::string::npos, refusal);
    MaskOptions options;
    give(options, option);
    return set.choose(options);
  };
  const MaskSet gaps = grey_set({{0, 0, 0, 100}, {0, 0, 0, 200}, {0, 100, 200, 0}});
  CHECK(pasted(gaps, "--mask-values 0,100,200").classes == 3);
  const MaskSet fundus = grey_set({{255, 255, 255, 128}, {255, 255, 255, 0}, {255, 128, 0, 255}});
  CHECK(pasted(fundus, "--mask-values 255,128,0").values[0] == std::vector<int>{255});
  const MaskSet scales = grey_set({{0, 1, 1}, {0, 0, 0}, {0, 255, 0}});
  CHECK(refusal_of(scales).find("mask0.png holds 0, 1, mask2.png holds 0, 255") !=
        std::string::npos);
  CHECK(pasted(scales, "--mask-values 0,1+255").classes == 2);
  CHECK(pasted(scales, "--ignore-index 255").ignored == 255);
  const MaskSet odd = grey_set({{0, 0, 7}, {0, 0, 7}, {0, 0, 9}, {0, 7, 9}});
  CHECK(refusal_of(odd).find("mask2.png") != std::string::npos);
}

TEST_CASE("masks: a given number of classes must agree with what is found") {
  const auto with = [](int classes) {
    MaskOptions options;
    options.classes = classes;
    return options;
  };
  const MaskSet ids = grey_set({{0, 1, 2}, {0, 0, 2}});
  CHECK(ids.choose().classes == 3);
  CHECK(ids.choose(with(5)).classes == 5);  // two occur nowhere
  CHECK(refusal_of(ids, with(2)).find("--num-classes 3") != std::string::npos);
  CHECK_THROWS_WITH_AS(grey_set({{0, 3}, {0, 1}}).choose(with(3)),
                       Contains("mask0.png holds the values 0, 3, all 2 masks together 0, 1, 3: "
                                "expected class indices 0 to 2"),
                       IoError);
  CHECK(grey_set({{0, 2}}).choose().classes == 2);
  CHECK(grey_set({{0, 2}}).choose(with(3)).classes == 3);
}

TEST_CASE("masks: a stored encoding refuses what it does not cover, naming it") {
  const MaskEncoding encoding = grey_set({{0, 255}}).choose();
  const MaskSet other = grey_set({{0, 254}});
  CHECK_THROWS_WITH_AS(to_labels("odd.png", other.files[0], encoding),
                       Contains("odd.png holds the value 254: expected values 0,255"), IoError);
  RawImage red{1, 1, 3, 255, {255, 0, 0}};
  CHECK_THROWS_WITH_AS(to_labels("red.png", red, encoding), Contains("the colour ff0000"), IoError);
  Metadata metadata = encoding.to_metadata();
  metadata["mask.values"] = "0,x";
  CHECK_THROWS_WITH_AS(MaskEncoding::from_metadata(metadata), Contains("got 'x'"), IoError);
}

TEST_CASE("masks: the ignored number beats every reading and is no class's label") {
  MaskOptions options;
  options.ignore_index = 255;
  const MaskSet set = grey_set({{0, 128, 255}, {0, 0, 128}});
  const MaskEncoding encoding = set.choose(options);
  CHECK(to_labels("m", set.files[0], encoding).labels == std::vector<std::int32_t>{0, 1, 255});
  CHECK(encoding.describe().find("255 is ignored") != std::string::npos);
  LabelMap united = to_labels("m", set.files[0], encoding);
  unite(united, to_labels("m", set.files[1], encoding), encoding.ignored);
  CHECK(united.labels == std::vector<std::int32_t>{0, 1, 1});  // lesion > ignored > background
  options.ignore_index = 1;
  CHECK_THROWS_WITH_AS(grey_set({{0, 255}}).choose(options),
                       Contains("--ignore-index 1 is the number of a class"), IoError);
  options.ignore_index = 7;
  const MaskSet without = grey_set({{0, 255}});
  CHECK(mask_notes(without.facts(), without.choose(options)).at(0) ==
        "warning: --ignore-index 7 occurs in no mask");
}

TEST_CASE("masks: soft edges are read, classes among them are not") {
  const auto soft = [](double r) { return std::clamp(128.0 + 100.0 * (12.0 - r), 0.0, 255.0); };
  MaskSet set;
  for (int i = 0; i < 4; ++i) {
    set.add({}, disc(48 + i, [&](double r) { return soft(r - i / 4.0); }));
  }
  const MaskEncoding encoding = set.choose();
  CHECK(encoding.kind == MaskEncoding::Kind::threshold);
  const LabelMap labels = to_labels("m", set.files[0], encoding);
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    CHECK(labels.labels[i] == (set.files[0].samples[i] >= 128 ? 1 : 0));
  }
  MaskSet ringed = set;  // an area of a third level
  ringed.add({}, disc(48, [&](double r) { return r < 5.0 ? 128.0 : soft(r); }));
  CHECK_THROWS_WITH_AS(ringed.choose(), Contains("--probability-masks"), IoError);
  MaskSet faint = set;  // a small blob that is nowhere bright: a class, or noise
  RawImage blob = disc(48, soft);
  for (std::size_t h = 0; h < 5; ++h) {
    for (std::size_t w = 0; w < 5; ++w) blob.samples[48 * h + w] = 120;
  }
  faint.add({}, blob);
  CHECK_THROWS_AS(faint.choose(), IoError);
  MaskSet low = set;  // values above 0 of which none counts
  low.add({}, disc(48, [](double r) { return r < 9.0 ? 3.0 : 0.0; }));
  CHECK_THROWS_WITH_AS(low.choose(), Contains("mask4.png has values up to 3"), IoError);
  MaskSet picture;
  picture.add({}, disc(48, [](double r) { return 7.0 * r; }));
  CHECK_THROWS_WITH_AS(picture.choose(), Contains("a picture, not a mask?"), IoError);
  MaskOptions asked;
  asked.probability = true;
  CHECK(picture.choose(asked).kind == MaskEncoding::Kind::threshold);
}

TEST_CASE("masks: a probability map has most pixels near 0 and the largest value") {
  MaskSet set;
  for (int i = 0; i < 3; ++i) {
    set.add({},
            disc(400, [i](double r) { return 255.0 / (1.0 + std::exp((r - 60.0 - i) / 8.0)); }));
  }
  MaskOptions options;
  options.threshold = 0.25;
  const MaskEncoding encoding = set.choose(options);
  CHECK(encoding.describe().find("0.25") != std::string::npos);
  CHECK(encoding.evidence.find("levels, 9") != std::string::npos);  // not two piles with edges
  const LabelMap labels = to_labels("m", set.files[1], encoding);
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    CHECK(labels.labels[i] == (set.files[1].samples[i] >= 64 ? 1 : 0));
  }
}

TEST_CASE("masks: of a JPEG two piles are read, class indices are refused") {
  const auto noisy = [](double level) {
    return [level](double r) {
      const double ringing = std::abs(r - 12.0) < 3.0 ? 12.0 * std::cos(5.0 * r) : 0.0;
      return std::clamp((r < 12.0 ? level : 0.0) + ringing, 0.0, 255.0);
    };
  };
  for (const double level : {255.0, 127.0}) {
    MaskSet set;
    for (int i = 0; i < 3; ++i) set.add({}, disc(48 + i, noisy(level), FileFormat::jpeg));
    const LabelMap labels = to_labels("m", set.files[0], set.choose());
    const RawImage sharp = disc(48, [](double r) { return r < 12.0 ? 1.0 : 0.0; });
    for (std::size_t i = 0; i < labels.labels.size(); ++i) {
      CHECK(labels.labels[i] == sharp.samples[i]);
    }
    MaskSet small = set;  // a class between, no larger than a few pixels
    RawImage patch = disc(48, noisy(level), FileFormat::jpeg);
    for (const std::size_t at : {3u, 4u, 5u, 51u, 52u, 53u, 99u, 100u, 101u}) {
      patch.samples[at] = static_cast<std::uint16_t>(level / 2.0 + static_cast<int>(at % 7));
    }
    small.add({}, patch);
    CHECK_THROWS_WITH_AS(small.choose(), Contains("a JPEG cannot hold class indices"), IoError);
    MaskSet classes = set;
    classes.add({}, disc(
                        48, [&](double r) { return r < 6.0 ? level / 2.0 : noisy(level)(r); },
                        FileFormat::jpeg));
    CHECK_THROWS_WITH_AS(classes.choose(), Contains("a JPEG cannot hold class indices"), IoError);
  }
  CHECK_THROWS_WITH_AS(grey_set({{0, 1, 2, 0}}, 255, FileFormat::jpeg).choose(),
                       Contains("save masks as PNG"), IoError);
}

TEST_CASE("masks: files that differ in what holds the mask are named") {
  MaskSet set;
  set.add({}, RawImage{1, 2, 4, 255, {0, 0, 0, 255, 255, 255, 255, 255}});
  set.add({}, RawImage{1, 2, 4, 255, {0, 0, 0, 0, 0, 0, 0, 255}});  // only its alpha says it
  CHECK_THROWS_WITH_AS(set.choose(), Contains("mask1.png"), IoError);
  MaskSet palettes;
  for (const int red : {1, 0}) {
    MaskWriting writing{"", 2, Without::read, "", 3, 255, {{1 - red}, {red}}, {}};
    writing.palette = {{0, 0, 0, 255}, {255, 0, 0, 255}};
    if (red == 0) std::swap(writing.palette[0], writing.palette[1]);
    LabelMap drawn(1, 3);
    drawn.labels = {0, 1, 0};
    palettes.add(drawn, write_mask(drawn, writing));
  }
  CHECK_THROWS_WITH_AS(palettes.choose(), Contains("mask1.png has a palette"), IoError);
  MaskOptions colours;
  colours.from = MaskEncoding::Source::luminance;
  CHECK(palettes.labels_are_right(palettes.choose(colours)));
}

TEST_CASE("masks: what looks inverted is said, of all or of one") {
  std::vector<std::vector<int>> rows(8, {255, 255, 0, 255, 255, 255});
  const MaskSet all = grey_set(rows);
  const auto notes = mask_notes(all.facts(), all.choose());
  CHECK(notes.at(0) ==
        "warning: the masks look inverted (lesion 83 % of the pixels, at the border of 8 of 8): "
        "--invert-masks");
  for (std::size_t i = 0; i < 7; ++i) rows[i] = {0, 0, 255, 0, 0, 0};
  const MaskSet one = grey_set(rows);
  CHECK(mask_notes(one.facts(), one.choose())
            .at(0)
            .find("1 of 8 masks looks inverted, unlike the "
                  "others: mask7.png") != std::string::npos);
}

TEST_CASE("masks: options that contradict each other are refused") {
  const auto refused = [](const std::string& a, const std::string& b, const char* reason) {
    MaskOptions options;
    give(options, a);
    give(options, b);
    CHECK_THROWS_WITH_AS(check_mask_options(options), Contains(reason), ValueError);
  };
  refused("--mask-values 0,1", "--mask-colours 000000,ffffff", "contradict");
  refused("--mask-values 0,1", "--probability-masks", "contradict");
  refused("--mask-values 0,1", "--invert-masks", "contradict");
  refused("--mask-colours 000000,ffffff", "--mask-from alpha", "contradict");
  refused("--num-classes 3", "--invert-masks", "contradict");
  refused("--num-classes 3", "--mask-values 0,1", "lists 2 classes, --num-classes says 3");
  CHECK_THROWS_WITH_AS(parse_mask_values("0,1,,2"), Contains("got ''"), ValueError);
  CHECK_THROWS_WITH_AS(parse_mask_values("0,1,1"), Contains("twice"), ValueError);
  CHECK_THROWS_WITH_AS(parse_mask_values("0,70000"), Contains("got '70000'"), ValueError);
  CHECK_THROWS_WITH_AS(parse_mask_colours("000000,red"), Contains("got 'red'"), ValueError);
}

}  // namespace dmf
