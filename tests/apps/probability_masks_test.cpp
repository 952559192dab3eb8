#include <doctest/doctest.h>

#include "apps/data/loader.h"
#include "apps/image/codecs/image_file.h"
#include "engine/core/check.h"
#include "tests/support/augmented_samples.h"
#include "tests/support/temporary_folder.h"

// Masks that are probability maps, on their way to the losses.

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;
using Levels = std::vector<std::uint8_t>;

void write(const std::filesystem::path& path, const Levels& levels) {
  std::filesystem::create_directories(path.parent_path());
  write_png(path, 4, 4, 1, levels);
}

Levels noise(int seed) {
  Levels levels;
  for (int i = 0; i < 16; ++i) levels.push_back(static_cast<std::uint8_t>((seed + 37 * i) % 251));
  return levels;
}

/// Halved, each pixel is a mean of four: .2 .95 / 0 .1 of the first; the second has two masks, whose
/// larger levels give 1 .4 / .4 0.
struct ProbabilityMasks {
  TemporaryFolder folder;
  SampleSetOptions options;

  ProbabilityMasks() {
    const std::string first = "benign/benign (1)", second = "benign/benign (2)";
    write(folder / (first + ".png"), noise(1));
    write(folder / (first + "_mask.png"),
          {0, 51, 255, 255, 51, 102, 255, 204, 0, 0, 0, 0, 0, 0, 51, 51});
    write(folder / (second + ".png"), noise(2));
    write(folder / (second + "_mask.png"),
          {255, 255, 0, 0, 255, 0, 0, 0, 102, 102, 0, 0, 102, 102, 0, 0});
    write(folder / (second + "_mask_1.png"),
          {0, 0, 102, 102, 51, 255, 102, 102, 51, 51, 0, 0, 51, 51, 0, 0});
    options.preprocess.size = 2;
    options.masks.probability = true;
    options.soft_labels = true;
  }
  SampleSet samples() const {
    DatasetOptions benign;
    benign.classes = {"benign"};
    return {find_dataset(folder.path(), benign), options};
  }
};

void is_near(const std::vector<float>& values, const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(static_cast<double>(values[i]) == Approx(expected[i]).epsilon(1e-6));
  }
}

}  // namespace

TEST_CASE("probability masks: from files to a batch, by hand; kept in memory or read again") {
  ProbabilityMasks of;
  for (const std::size_t cache : {std::size_t{1} << 20, std::size_t{0}}) {
    of.options.cache_bytes = cache;
    const SampleSet samples = of.samples();
    is_near(samples.sample(0).lesion.pixels, {.2, .95, 0, .1});
    is_near(samples.sample(1).lesion.pixels, {1, .4, .4, 0});
    CHECK(samples.sample(0).labels.labels == std::vector<std::int32_t>{0, 1, 0, 0});
    Loader loader(samples, {0, 1}, {.batch = 2});
    const Batch batch = *loader.next();
    CHECK(batch.soft_labels.shape() == Shape{2, 2, 2, 2});
    const auto soft = batch.labels_of_losses().soft.span();
    is_near({soft.begin(), soft.end()},
            {.8, .2, .05, .95, 1, 0, .9, .1, 0, 1, .6, .4, .6, .4, 1, 0});
    CHECK(batch.labels.tensor().data()[1] == 1);
  }
  of.options.soft_labels = false;
  const SampleSet hard = of.samples();
  CHECK(hard.sample(0).lesion.pixels.empty());
  Loader loader(hard, {0, 1}, {.batch = 2});
  CHECK_FALSE(loader.next()->labels_of_losses().are_soft());
}

TEST_CASE("probability masks: padded with background, inverted where masks are") {
  ProbabilityMasks of;
  of.options.preprocess.size = 4;
  write(of.folder / "benign/benign (1).png", noise(3));
  const SampleSet samples = of.samples();
  CHECK(samples.sample(0).lesion.at(0, 2) == 1.0f);
  of.options.encoding = samples.mask_encoding();
  of.options.encoding->inverted = true;
  const Image lesion = of.samples().sample(0).lesion;
  is_near({lesion.at(0, 0), lesion.at(0, 1), lesion.at(0, 2), lesion.at(1, 1)}, {1, .8, 0, .6});
  PreprocessSpec wide;
  wide.size = 4;
  wide.keep_aspect = true;
  Image two(2, 4, 1);
  std::fill(two.pixels.begin(), two.pixels.end(), 0.5f);
  is_near(preprocess_probabilities(two, wide).pixels,
          {.5, .5, .5, .5, .5, .5, .5, .5, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("probability masks: augmentation moves them as it moves images, and colours leave them") {
  Sample sample{Image(1, 4, 1), LabelMap(1, 4), Image(1, 4, 1)};
  sample.image.pixels = sample.lesion.pixels = {.25f, .5f, 1.0f, 0.0f};
  CHECK(after(sample, "flip(p=1)").lesion.pixels == std::vector<float>{0.0f, 1.0f, .5f, .25f});
  // A shift of half a pixel lies between two; outside there is no lesion.
  const Sample moved = after(sample, "affine(p=1,rotate=0,scale=1,shift=0.125,shear=0)");
  CHECK(moved.lesion.pixels == moved.image.pixels);
  CHECK(moved.lesion.pixels != sample.lesion.pixels);
  CHECK(after(sample, "brightness(p=1,factor=1.2)").lesion.pixels == sample.lesion.pixels);
}

TEST_CASE("probability masks: levels make a run's data its own, hard labels do as ever") {
  ProbabilityMasks of;
  const DataRecord soft = of.samples().record();
  of.options.soft_labels = false;
  const DataRecord hard = of.samples().record();
  // Another level on the same side of the threshold.
  write(of.folder / "benign/benign (1)_mask.png",
        {0, 51, 255, 255, 51, 101, 255, 204, 0, 0, 0, 0, 0, 0, 51, 51});
  CHECK(data_change(hard, of.samples().record()) == std::nullopt);
  of.options.soft_labels = true;
  CHECK(data_change(soft, of.samples().record()).value() ==
        "1 of 2 images has changed: 'benign/benign (1)' (labels)");
}

TEST_CASE("probability masks: masks of classes are none") {
  ProbabilityMasks of;
  of.options.masks.probability = false;
  const Levels lesion = {0, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0};
  for (const char* name : {"benign (1)_mask.png", "benign (2)_mask.png", "benign (2)_mask_1.png"}) {
    write(of.folder / "benign" / name, lesion);
  }
  CHECK_THROWS_WITH_AS(
      of.samples(),
      Contains("[soft-labels] got masks of values 0,255 are background, lesion, expected masks "
               "that are probability maps of two classes. Hint: --probability-masks"),
      IoError);
}

}  // namespace dmf
