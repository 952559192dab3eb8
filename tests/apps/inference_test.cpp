#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "apps/data/loader.h"
#include "apps/evaluation/calibration.h"
#include "apps/evaluation/choose_inference.h"
#include "apps/image/codecs/image_file.h"
#include "apps/image/parts.h"
#include "apps/run/model_file.h"
#include "engine/io/safetensors.h"
#include "layers/networks/unet.h"
#include "tests/support/pixelwise.h"
#include "tests/support/random_tensor.h"
#include "tests/support/temporary_folder.h"

// How images are segmented beside the network itself: parts of masks, mirroring, thresholds, ensembles.

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

LabelMap drawn(const std::vector<std::vector<int>>& rows) {
  LabelMap labels(static_cast<int>(rows.size()), static_cast<int>(rows.front().size()));
  std::size_t i = 0;
  for (const auto& row : rows) {
    for (const int label : row) labels.labels[i++] = label;
  }
  return labels;
}

UNetSpec small_spec(std::uint64_t seed) {
  UNetSpec spec;
  spec.depth = 1;
  spec.base_width = 2;
  spec.seed = seed;
  return spec;
}

Image pixels(const std::vector<float>& of_lesion) {
  Image image(1, static_cast<int>(of_lesion.size()), 2);
  for (std::size_t i = 0; i < of_lesion.size(); ++i) {
    image.pixels[2 * i] = 1.0f - of_lesion[i];
    image.pixels[2 * i + 1] = of_lesion[i];
  }
  return image;
}

}  // namespace

TEST_CASE("parts: of each class the largest stays, of equals the first; corners do not join") {
  const LabelMap labels = drawn({{1, 0, 1, 1, 0},  //
                                 {0, 2, 0, 1, 0},
                                 {2, 0, 0, 0, 0},
                                 {0, 0, 1, 1, 1}});
  CHECK(largest_parts(labels).labels == drawn({{0, 0, 1, 1, 0},  //
                                               {0, 2, 0, 1, 0},
                                               {0, 0, 0, 0, 0},
                                               {0, 0, 0, 0, 0}})
                                            .labels);
  CHECK(largest_parts(drawn({{0}})).labels == std::vector<std::int32_t>{0});
  CHECK(largest_parts(drawn({{1}})).labels == std::vector<std::int32_t>{1});
  const Parts parts = all_parts_of(labels);
  CHECK(parts.all.front().label == 1);
  CHECK(parts.all.front().area == 1);
  std::int64_t pixels = 0;
  for (const Part& part : parts.all) pixels += part.area;
  CHECK(pixels == 20);
}

TEST_CASE("parts: holes become of the class around them; what reaches the edge is no hole") {
  CHECK(without_holes(drawn({{1, 1, 1, 0},  //
                             {1, 0, 1, 1},
                             {1, 1, 0, 1},
                             {0, 1, 1, 1}}))
            .labels == drawn({{1, 1, 1, 0},  //
                              {1, 1, 1, 1},
                              {1, 1, 1, 1},
                              {0, 1, 1, 1}})
                           .labels);
  const LabelMap open = drawn({{1, 0, 1}, {1, 0, 1}, {1, 1, 1}});
  CHECK(without_holes(open).labels == open.labels);
  CHECK(without_holes(drawn({{2, 2, 2, 2}, {2, 0, 0, 2}, {2, 2, 2, 2}})).labels ==
        std::vector<std::int32_t>(12, 2));
}

TEST_CASE("labels: the likeliest class, or above a threshold, then holes and parts") {
  const Image image = pixels({0.2f, 0.45f, 0.5f, 0.6f, 0.2f, 0.7f});
  CHECK(to_labels(image).labels == std::vector<std::int32_t>{0, 0, 0, 1, 0, 1});
  CHECK(to_labels(image, {.threshold = 0.4}).labels == std::vector<std::int32_t>{0, 1, 1, 1, 0, 1});
  CHECK(to_labels(image, {.threshold = 0.4, .largest_component = true}).labels ==
        std::vector<std::int32_t>{0, 1, 1, 1, 0, 0});
}

TEST_CASE("labels: a threshold is of calibrated probabilities; the likeliest class stays at any") {
  // At temperature 2 the odds 4 of 0.8 are 2.
  CHECK(to_labels(pixels({0.8f}), {.threshold = 0.7}).labels.front() == 1);
  CHECK(to_labels(pixels({0.8f}), {.temperature = 2.0, .threshold = 0.7}).labels.front() == 0);
  CHECK(to_labels(pixels({0.8f}), {.temperature = 2.0, .threshold = 0.65}).labels.front() == 1);
  Rng rng(8);
  std::vector<float> lesion = {0.49999997f, 0.5f, 0.50000006f, 0.0f, 1.0f, 1e-30f};
  for (int i = 0; i < 200; ++i) lesion.push_back(static_cast<float>(rng.uniform()));
  const Image raw = pixels(lesion);
  for (const double temperature : {0.125, 0.9, 1.0, 3.0, 8.0}) {
    CHECK(to_labels(raw, {.temperature = temperature}).labels == to_labels(raw).labels);
    const Image written = calibrated(raw, temperature);
    for (const double threshold : {0.3, 0.45, 0.7}) {
      const LabelMap labels = to_labels(raw, {.temperature = temperature, .threshold = threshold});
      for (std::size_t i = 0; i < labels.labels.size(); ++i) {
        const bool above = static_cast<double>(written.pixels[2 * i + 1]) > threshold;
        CHECK(labels.labels[i] == (above ? 1 : 0));
      }
    }
  }
}

TEST_CASE("inference: what validation chooses, the threshold for what the temperature gives") {
  // Lesions of 0.4 and background of 0 have the logits -0.8 and -4 for a lesion. The slope of the
  // cross-entropy is 0 where 0.8 s(0.8 b) = 4 s(-4 b), s the logistic function: at b = 0.4988.
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "data/benign");
  std::vector<std::uint8_t> image(64, 0), mask(64, 0);
  for (std::size_t i = 0; i < 32; ++i) {
    image[i] = 102;
    mask[i] = 255;
  }
  for (const char* name : {"a", "b"}) {
    write_png(folder / "data/benign" / (std::string(name) + ".png"), 8, 8, 1, image);
    write_png(folder / "data/benign" / (std::string(name) + "_mask.png"), 8, 8, 1, mask);
  }
  SampleSetOptions options;
  options.preprocess.size = 8;
  DatasetOptions benign;
  benign.classes = {"benign"};
  const SampleSet samples(find_dataset(folder / "data", benign), options);
  Pixelwise network(8.0f);
  for (const PreprocessSpec* at_original :
       std::initializer_list<const PreprocessSpec*>{&options.preprocess, nullptr}) {
    const InferenceChoice choice =
        choose_inference({&network}, samples, {0, 1}, at_original, 1, [] {});
    CHECK(choice.inference == Inference{.temperature = 2.005, .threshold = 0.4});
    CHECK(choice.lines ==
          std::vector<std::string>{
              "inference chosen on 2 validation images, Dice an image 0.0000",
              "  averaged with the mirrored image: 0.0000, left out",
              "  averaged with the image 1.15 times as large: 0.0000, left out",
              "  temperature 2.005: cross-entropy of a pixel 0.5200, without 0.5946",
              "  another threshold, 0.3 to 0.7: 1.0000, taken: 0.4",
              "  holes filled: 1.0000, left out",
              "  the largest component alone: 1.0000, left out"});
  }
}

TEST_CASE("predictor: a mirrored view is averaged in; of a symmetric image nothing changes sides") {
  const UNetSpec spec = small_spec(3);
  UNet<float> network(spec);
  Rng rng(4);
  const auto images = random_tensor<float>(Shape{2, 6, 5, 1}, rng, 0.0, 1.0);
  const std::vector<Image> plain = Predictor(network).probabilities(images),
                           both = Predictor({&network}, {.mirror = true}).probabilities(images);
  auto mirrored = images.clone();
  for (Index n = 0; n < 2; ++n) {
    for (Index h = 0; h < 6; ++h) {
      for (Index w = 0; w < 5; ++w) {
        mirrored.data()[(n * 6 + h) * 5 + w] = images.data()[(n * 6 + h) * 5 + 4 - w];
      }
    }
  }
  const std::vector<Image> other = Predictor(network).probabilities(mirrored);
  double largest = 0.0;
  for (std::size_t n = 0; n < 2; ++n) {
    for (int h = 0; h < 6; ++h) {
      for (int w = 0; w < 5; ++w) {
        const double mean = (static_cast<double>(plain[n].at(h, w, 1)) +
                             static_cast<double>(other[n].at(h, 4 - w, 1))) /
                            2;
        CHECK(static_cast<double>(both[n].at(h, w, 1)) == Approx(mean).epsilon(1e-6));
        largest = std::max(largest, std::abs(mean - static_cast<double>(plain[n].at(h, w, 1))));
      }
    }
  }
  CHECK(largest > 1e-3);  // the two views do differ
}

TEST_CASE("predictor: a larger view is averaged in, by hand on a row of four pixels") {
  Pixelwise network(4.0f);
  const auto images =
      Tensor<float>::from(std::vector<float>{0.0f, 0.0f, 1.0f, 1.0f}, Shape{1, 1, 4, 1});
  const auto p = [](double v) { return 1.0 / (1.0 + std::exp(-4.0 * (v - 0.5))); };
  // At 3/2 times the row is 0 0 1/6 5/6 1 1; put back, pixels lie at its 0.25, 1.75, 3.25 and 4.75.
  const std::array<double, 4> larger = {p(0), 0.25 * p(0) + 0.75 * p(1.0 / 6),
                                        0.75 * p(5.0 / 6) + 0.25 * p(1), p(1)};
  const std::array<double, 4> plain = {p(0), p(0), p(1), p(1)};
  const Image both = Predictor({&network}, {.scale = 1.5}).probabilities(images).front();
  REQUIRE(both.width == 4);
  for (int w = 0; w < 4; ++w) {
    const auto k = static_cast<std::size_t>(w);
    CHECK(static_cast<double>(both.at(0, w, 1)) ==
          Approx((plain[k] + larger[k]) / 2).epsilon(1e-6));
  }
}

TEST_CASE(
    "predictor: what sees one pixel at a time gives the same at a larger size, padded or not") {
  Pixelwise network(2.0f);
  struct Case {
    int size, height, width;
  };
  for (const Case c : {Case{33, 40, 66}, {32, 90, 31}, {21, 21, 21}, {16, 1, 40}, {1, 3, 3}}) {
    PreprocessSpec spec;
    spec.size = c.size;
    spec.keep_aspect = true;
    RawImage raw;
    raw.height = c.height;
    raw.width = c.width;
    raw.channels = 1;
    for (int h = 0; h < c.height; ++h) {
      for (int w = 0; w < c.width; ++w) {
        raw.samples.push_back(static_cast<std::uint16_t>(255 * (h + w) / (c.height + c.width)));
      }
    }
    const auto images = stack_images({Sample{preprocess(raw, spec), {}}});
    const auto seen = [&](const Inference& inference) {
      return restore_size(Predictor({&network}, inference).probabilities(images).front(), spec,
                          c.height, c.width);
    };
    const Image plain = seen({});
    for (const bool mirrored : {false, true}) {
      const Image both = seen({.mirror = mirrored, .scale = 1.15});
      REQUIRE(both.pixels.size() == plain.pixels.size());
      double farthest = 0.0;
      // Along the padding the larger view is interpolated with what is black.
      const int edge = (2 * std::max(c.height, c.width) + c.size - 1) / c.size;
      for (int h = 0; h < std::max(1, c.height - edge); ++h) {
        for (int w = 0; w < std::max(1, c.width - edge); ++w) {
          const double apart = std::abs(static_cast<double>(both.at(h, w, 1)) -
                                        static_cast<double>(plain.at(h, w, 1)));
          farthest = std::max(farthest, apart);
        }
      }
      CAPTURE(c.size);
      CAPTURE(c.height);
      CHECK(farthest < 0.25 / c.size + 0.002);  // half a pixel of the ramp, and its rounding
    }
  }
}

TEST_CASE("predictor: opinions are its members, of a network alone its looks") {
  UNet<float> a(small_spec(1)), b(small_spec(2));
  Rng rng(7);
  const auto images = random_tensor<float>(Shape{2, 8, 7, 1}, rng, 0.0, 1.0);
  const auto check = [&](const std::vector<Network<float>*>& members, const Inference& inference,
                         std::size_t count) {
    const Predictor predictor(members, inference);
    CHECK(predictor.opinions() == count);
    const auto opinions = predictor.opinions_of(images);
    REQUIRE(opinions.size() == count);
    for (std::size_t n = 0; n < 2; ++n) {
      std::vector<Image> of_image;
      for (const auto& one : opinions) of_image.push_back(one[n]);
      CHECK(mean_of(of_image).pixels == predictor.probabilities(images)[n].pixels);
      CHECK((disagreement(of_image).pixels[9] > 0.0f) == (count > 1));
    }
  };
  check({&a}, {}, 1);
  check({&a}, {.mirror = true}, 2);
  check({&a}, {.scale = 1.15}, 2);
  check({&a}, {.mirror = true, .scale = 1.15}, 4);
  check({&a, &b}, {.mirror = true, .scale = 1.15}, 2);
}

TEST_CASE("predictor: an ensemble is the mean of its members, and says where they differ") {
  UNet<float> a(small_spec(1)), b(small_spec(2));
  Rng rng(5);
  const auto images = random_tensor<float>(Shape{1, 4, 4, 1}, rng, 0.0, 1.0);
  const Predictor both({&a, &b});
  const Image mean = both.probabilities(images).front();
  const auto of_members = both.opinions_of(images);
  REQUIRE(of_members.size() == 2);
  const Image spread = disagreement({of_members[0].front(), of_members[1].front()});
  for (std::size_t i = 0; i < 16; ++i) {
    const double p = static_cast<double>(of_members[0].front().pixels[2 * i + 1]);
    const double q = static_cast<double>(of_members[1].front().pixels[2 * i + 1]);
    CHECK(static_cast<double>(mean.pixels[2 * i + 1]) == Approx((p + q) / 2).epsilon(1e-6));
    CHECK(static_cast<double>(spread.pixels[i]) == Approx(std::abs(p - q)).epsilon(1e-3));
  }
  CHECK(disagreement({pixels({0.0f}), pixels({1.0f})}).pixels.front() == 1.0f);
  UNetSpec three = small_spec(1);
  three.classes = 3;
  UNet<float> c(three);
  CHECK_THROWS_WITH_AS(Predictor({&a, &c}), Contains("[predict] a network of 3 classes"),
                       ValueError);
  CHECK_THROWS_WITH_AS(Predictor(std::vector<Network<float>*>{}), Contains("[predict] no network"),
                       ValueError);
}

TEST_CASE("model files: an ensemble comes back as it was, inference and all") {
  const TemporaryFolder folder;
  const UNet<float> a(small_spec(1)), b(small_spec(2));
  const std::string file_a = (folder / "a.safetensors").string(),
                    file_b = (folder / "b.safetensors").string(),
                    file_both = (folder / "both.safetensors").string();
  save_model(file_a, a, {.inference = {.mirror = true, .threshold = 0.4}, .run = "one"});
  save_model(
      file_b, b,
      {.inference = {.mirror = true, .scale = 1.15, .temperature = 1.4, .fill_holes = true}});
  CHECK(load_model(file_b).inference.describe() ==
        "mirrored too, 1.15 times as large too, temperature 1.4, holes filled");
  CHECK(read_safetensors(file_b).metadata.at("inference.scale") == "1.15");
  CHECK(read_safetensors(file_b).metadata.at("inference.temperature") == "1.4");
  CHECK(load_models({file_b, file_a, file_b}).inference.scale == 1.15);
  const Model both = load_models({file_a, file_b});
  CHECK(both.inference == Inference{.mirror = true,
                                    .temperature = 1.2,
                                    .threshold = 0.45});  // others: not most of them
  CHECK(both.run.empty());
  CHECK_THROWS_WITH_AS(both.network(), Contains("[model] an ensemble of 2 networks"), ValueError);
  write_safetensors(file_both, model_content(both));
  const Model again = load_model(file_both);
  CHECK(again.inference == both.inference);
  REQUIRE(again.members.size() == 2);
  Rng rng(6);
  const auto images = random_tensor<float>(Shape{1, 8, 8, 1}, rng, 0.0, 1.0);
  CHECK(again.predictor().probabilities(images).front().pixels ==
        both.predictor().probabilities(images).front().pixels);
  CHECK(to_bytes(model_content(again)) == to_bytes(model_content(both)));
  CHECK(load_models({file_both, file_a}).members.size() == 3);

  // Plain inference leaves files as they were before there was any.
  save_model(file_a, a, {});
  for (const auto& [key, text] : read_safetensors(file_a).metadata) {
    CHECK_FALSE(key.starts_with("inference."));
  }
  PreprocessSpec larger;
  larger.size = 256;
  save_model(file_b, b, {.preprocess = larger});
  CHECK_THROWS_WITH_AS(load_models({file_a, file_b}), Contains("differ in how images are prepared"),
                       ValueError);

  Safetensors bad = read_safetensors(file_both);
  bad.metadata["members"] = "3";
  write_safetensors(file_both, bad);
  CHECK_THROWS_WITH_AS(load_model(file_both), Contains("network.variant"), IoError);
  bad.metadata["members"] = "1";
  write_safetensors(file_both, bad);
  CHECK_THROWS_WITH_AS(load_model(file_both), Contains("of which"), IoError);
  bad.metadata["members"] = "2";
  bad.metadata["inference.scale"] = "5";
  write_safetensors(file_both, bad);
  CHECK_THROWS_WITH_AS(load_model(file_both), Contains("inference.scale"), IoError);
  bad.metadata.erase("inference.scale");
  bad.metadata["inference.threshold"] = "1.5";
  write_safetensors(file_both, bad);
  CHECK_THROWS_WITH_AS(load_model(file_both), Contains("inference.threshold"), IoError);
}

}  // namespace dmf
