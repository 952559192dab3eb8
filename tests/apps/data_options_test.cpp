#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/image/codecs/image_file.h"
#include "apps/image/image.h"
#include "apps/run/model_file.h"
#include "engine/core/rng.h"
#include "tests/support/image_files.h"
#include "tests/support/oriented.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// Data as people have them, through the programs: turned images, dark ones, ignored pixels, parts
// without lesions, links.

namespace dmf {
namespace {

namespace fs = std::filesystem;

const std::string kOnce =
    " --recipe paper --image 16 --depth 1 --base-width 2 --epochs 1 --batch 4 --threads 1 "
    "--history-size 2 ";

struct DataFixture {
  TemporaryFolder folder;
  Rng rng = Rng(11, 1);

  Outcome train(const std::string& data, const std::string& out, const std::string& options = "") {
    return run("train" + kOnce + options + " --data " + quoted(folder / data) + " --out " +
               quoted(folder / out));
  }
  void is_trained(const std::string& data, const std::string& out,
                  const std::string& options = "") {
    const Outcome outcome = train(data, out, options);
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
  }
  /// Losses at every step: what was learned of images and labels.
  std::string steps(const std::string& out) { return read_text(folder / out / "steps.csv"); }

  /// A blob somewhere.
  LabelMap labels(int height, int width) {
    LabelMap map(height, width);
    const int h0 = static_cast<int>(rng.below(static_cast<std::uint64_t>(height - 5)));
    const int w0 = static_cast<int>(rng.below(static_cast<std::uint64_t>(width - 5)));
    for (int h = h0; h < h0 + 5; ++h) {
      for (int w = w0; w < w0 + 5; ++w) map.at(h, w) = 1;
    }
    return map;
  }
  LabelMap noise(int height, int width, int largest = 255) {
    LabelMap map(height, width);
    for (auto& each : map.labels) {
      each = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(largest + 1)));
    }
    return map;
  }
  static std::string png(const LabelMap& map, int factor = 1, int bits = 8) {
    Drawing d{map.height, map.width, 1, bits, {}};
    for (const auto v : map.labels) d.samples.push_back(static_cast<std::uint16_t>(factor * v));
    return encode_png_samples(d);
  }
  void put(const std::string& set, int i, const std::string& image, const std::string& mask) {
    write_text(folder / set / fmt::format("images/case{}.png", i), image);
    write_text(folder / set / fmt::format("masks/case{}.png", i), mask);
  }
};

}  // namespace

TEST_CASE_FIXTURE(DataFixture, "--exif: both readings of turned images, said, kept, or refused") {
  // The pixels of "stored" under a tag are "tagged"; as the tag says they are "upright".
  for (int i = 0; i < 8; ++i) {
    const LabelMap image = noise(12, 17), lesion = labels(12, 17);
    const LabelMap stored = as_stored(image, 3);
    put("upright", i, png(image), png(lesion, 255));
    put("stored", i, png(stored), png(lesion, 255));
    put("tagged", i, with_exif(png(stored), 3), png(lesion, 255));
    put("lying", i, with_exif(png(as_stored(image, 6)), 6), png(lesion, 255));
  }
  const Outcome refused = train("tagged", "none");
  is_one_error_line(refused, 1, "has the EXIF orientation 3");
  is_one_error_line(refused, 1, "--exif apply");
  is_one_error_line(refused, 1, "--exif ignore");
  CHECK_FALSE(fs::exists(folder / "none"));
  is_one_error_line(run("inspect --data " + quoted(folder / "tagged")), 1, "--exif apply");
  is_one_error_line(train("tagged", "none", "--exif sideways"), 2, "expected auto, apply, ignore");

  is_trained("upright", "of upright");
  is_trained("stored", "of stored");
  CHECK(steps("of upright") != steps("of stored"));
  is_trained("tagged", "applied", "--exif apply");
  CHECK(steps("applied") == steps("of upright"));
  is_trained("tagged", "ignored", "--exif ignore");
  CHECK(steps("ignored") == steps("of stored"));
  CHECK(read_text(folder / "ignored/config.toml").find("exif=\"ignore\"") != std::string::npos);
  CHECK(run("evaluate --run " + quoted(folder / "ignored")).code == 0);

  const Outcome lying = train("lying", "lying once");  // which fits one way only
  REQUIRE_MESSAGE(lying.code == 0, lying.text);
  CHECK(lying.text.find("images with an EXIF orientation: 8 turned as it says, 0 left as stored, "
                        "as their masks fit") != std::string::npos);
  CHECK(steps("lying once") == steps("of upright"));
  is_one_error_line(train("lying", "none", "--exif ignore"), 1, "expected the same size");

  int number = 0;
  const auto predicted = [&](const std::string& set) {
    const fs::path out = folder / fmt::format("masks {}", ++number);
    const Outcome outcome = run("predict --model " + quoted(folder / "applied") + " --out " +
                                quoted(out) + " " + quoted(folder / set / "images/case1.png"));
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
    return read_text(out / "case1_probability.png");
  };
  CHECK(predicted("lying") == predicted("upright"));
  CHECK(predicted("tagged") == predicted("upright"));
}

TEST_CASE_FIXTURE(DataFixture, "--white-level: asked for, kept in the model, used by predict") {
  constexpr int kWhite = 4369, kScale = 15;  // 65535 = 15 * 4369
  for (int i = 0; i < 8; ++i) {
    const LabelMap image = noise(12, 17, kWhite), lesion = labels(12, 17);
    put("dark", i, png(image, 1, 16), png(lesion, 255));
    put("bright", i, png(image, kScale, 16), png(lesion, 255));
  }
  const Outcome warned = train("dark", "as stored");
  REQUIRE_MESSAGE(warned.code == 0, warned.text);
  CHECK(warned.text.find("warning: 16-bit images whose largest value is 43") != std::string::npos);
  CHECK(warned.text.find("intensities reach 0.07 only; give --white-level 43") !=
        std::string::npos);
  const std::string given = fmt::format("--white-level {}", kWhite);
  const Outcome quiet = train("dark", "white", given);
  REQUIRE_MESSAGE(quiet.code == 0, quiet.text);
  CHECK(quiet.text.find("whose largest value") == std::string::npos);
  CHECK(read_text(folder / "white/config.toml").find("white-level=4369") != std::string::npos);
  const Model model = load_model(folder / "white/best.safetensors");
  CHECK(model.preprocess.white_level == kWhite);

  // The same network without the level sees the same in images that are as much brighter.
  PreprocessSpec plain = model.preprocess;
  plain.white_level = 0;
  save_model(folder / "plain.safetensors", model.network(), {plain});
  save_model(folder / "white.safetensors", model.network(), {model.preprocess});
  const auto predicted = [&](const std::string& name, const std::string& set) {
    const fs::path out = folder / (name + " of " + set);
    const Outcome outcome =
        run("predict --model " + quoted(folder / (name + ".safetensors")) + " --out " +
            quoted(out) + " " + quoted(folder / set / "images/case1.png"));
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
    return read_image(out / "case1_probability.png").samples;
  };
  const auto dark = predicted("white", "dark"), bright = predicted("plain", "bright");
  int largest = 0;
  for (std::size_t k = 0; k < dark.size(); ++k) {
    largest = std::max(largest, std::abs(dark[k] - bright[k]));
  }
  CHECK(largest <= 1);  // a rounding
  CHECK(predicted("plain", "dark") != bright);
}

TEST_CASE_FIXTURE(DataFixture, "train: a set, or a part of it, without any lesion is refused") {
  const LabelMap none(12, 17);
  for (int i = 0; i < 8; ++i) put("empty", i, png(noise(12, 17)), png(none));
  is_one_error_line(train("empty", "none"), 1, "has any lesion");
  is_one_error_line(train("empty", "none"), 1, "case0 is the first of 8 images");
  for (const std::string without : {"train", "val"}) {
    for (const std::string part : {"train", "val", "test"}) {
      for (int i = 0; i < 4; ++i) {
        put(without + " empty/" + part, i, png(noise(12, 17)),
            png(part == without ? none : labels(12, 17), 255));
      }
    }
    is_one_error_line(train(without + " empty", "none"), 1,
                      fmt::format("none of the 4 {} images has a lesion (first {}/case0), 8 of all "
                                  "12 have one",
                                  without == "val" ? "validation" : "training", without));
  }
  CHECK_FALSE(fs::exists(folder / "none"));
}

TEST_CASE_FIXTURE(DataFixture, "evaluate: ignored pixels count for nothing") {
  std::vector<LabelMap> drawn;
  for (int i = 0; i < 10; ++i) {
    LabelMap lesion = labels(12, 17);
    for (auto& label : lesion.labels) {
      if (rng.below(4) == 0) label = 255;
    }
    drawn.push_back(lesion);
    put("data", i, png(noise(12, 17)), png(lesion));
  }
  is_one_error_line(train("data", "none"), 1, "--ignore-index 255");
  const std::string inspect = "inspect --data " + quoted(folder / "data");
  is_one_error_line(run(inspect), 1, "--ignore-index 255");
  CHECK(run(inspect + " --ignore-index 255").code == 0);
  is_trained("data", "run", "--ignore-index 255");
  const Outcome scored = run("evaluate --run " + quoted(folder / "run") +
                             " --part all --at original --json " + quoted(folder / "scores.json"));
  REQUIRE_MESSAGE(scored.code == 0, scored.text);
  REQUIRE(run("predict --model " + quoted(folder / "run") + " --out " + quoted(folder / "masks") +
              " " + quoted(folder / "data/images"))
              .code == 0);
  double both = 0.0, predicted = 0.0, truth = 0.0, right = 0.0, all = 0.0;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const RawImage mask = read_image(folder / fmt::format("masks/case{}_mask.png", i));
    for (std::size_t k = 0; k < drawn[i].labels.size(); ++k) {
      if (drawn[i].labels[k] == 255) continue;
      const bool found = mask.samples[k] > 0, lesion = drawn[i].labels[k] == 1;
      both += found && lesion;
      predicted += found;
      truth += lesion;
      right += found == lesion;
      all += 1;
    }
  }
  REQUIRE(predicted > 0.0);
  const auto scores = nlohmann::json::parse(read_text(folder / "scores.json"));
  CHECK(std::abs(scores["pooled"]["dice"]["lesion"]["value"].get<double>() -
                 2.0 * both / (predicted + truth)) < 1e-6);
  CHECK(std::abs(scores["pooled"]["accuracy"]["lesion"]["value"].get<double>() - right / all) <
        1e-6);
}

TEST_CASE_FIXTURE(DataFixture, "--soft-labels: losses see probabilities, scores the classes") {
  const auto soft_masks = [&](const std::string& set, int levels) {
    rng = Rng(12, 1);
    for (int i = 0; i < 10; ++i) {
      LabelMap level = labels(12, 17);
      const LabelMap image = noise(12, 17);
      for (auto& each : level.labels) {
        const auto drawn = static_cast<std::int32_t>(rng.below(120));
        each = levels == 2 ? 255 * each : each * 130 + drawn;
      }
      put(set, i, png(image), png(level));
    }
  };
  soft_masks("maps", 256);
  soft_masks("classes", 2);
  const std::string maps = "--probability-masks --losses cce,mean_dice ";
  is_trained("maps", "hard", maps);
  is_trained("maps", "soft", maps + "--soft-labels");
  CHECK(steps("soft") != steps("hard"));
  // By an untrained network, whose predictions are the same, the losses alone differ; the scores do
  // not know of the option.
  is_trained("maps", "hard still", maps + "--lr 1e-30");
  is_trained("maps", "soft still", maps + "--lr 1e-30 --soft-labels");
  CHECK(steps("soft still") != steps("hard still"));
  CHECK(read_text(folder / "soft still/per_image.csv") ==
        read_text(folder / "hard still/per_image.csv"));
  CHECK(read_text(folder / "soft/config.toml").find("soft-labels=true") != std::string::npos);
  const std::string evaluate = "evaluate --run " + quoted(folder / "soft");
  CHECK(run(evaluate).code == 0);
  CHECK(run(evaluate + " --data " + quoted(folder / "classes")).code == 0);

  is_one_error_line(train("classes", "none", "--soft-labels"), 1,
                    "[soft-labels] got masks of values 0,255 are background, lesion");
  is_one_error_line(
      train("maps", "none", "--soft-labels --losses cce,boundary,lovasz_softmax"), 1,
      "[loss] boundary, lovasz_softmax: got labels that are probabilities, expected a class");
  is_one_error_line(train("maps", "none", "--soft-labels --ignore-index 9"), 2,
                    "--soft-labels: got --ignore-index 9, expected none");
  is_one_error_line(train("maps", "none", "--soft-labels --num-classes 3"), 2,
                    "--soft-labels: got --num-classes 3, expected 2");
  CHECK_FALSE(fs::exists(folder / "none"));
}

TEST_CASE_FIXTURE(DataFixture, "programs: two files of one stem are an error, wherever they are") {
  for (const std::string odd : {"images", "masks"}) {
    for (int i = 0; i < 8; ++i) put(odd, i, png(noise(12, 17)), png(labels(12, 17), 255));
    write_text(folder / odd / odd / "Case3.bmp",
               encode_bmp({12, 17, 1, 8, std::vector<std::uint16_t>(12 * 17, 255)}));
    for (const std::string& program :
         {"train" + kOnce + "--out " + quoted(folder / "none"), std::string("inspect")}) {
      const Outcome refused = run(program + " --data " + quoted(folder / odd));
      is_one_error_line(refused, 1, "Case3.bmp");
      is_one_error_line(refused, 1, "case3.png");
    }
  }
  CHECK_FALSE(fs::exists(folder / "none"));
}

TEST_CASE_FIXTURE(DataFixture, "programs: links are followed, loops are not and are named") {
  for (int i = 0; i < 8; ++i) put("plain", i, png(noise(12, 17)), png(labels(12, 17), 255));
  is_trained("plain", "of plain");
  fs::create_directories(folder / "linked/masks");
  fs::create_directory_symlink(folder / "plain/images", folder / "linked/images");
  for (int i = 0; i < 8; ++i) {
    const std::string name = fmt::format("masks/case{}.png", i);
    fs::create_symlink(fs::path("../../plain") / name, folder / "linked" / name);
  }
  fs::create_directory_symlink("..", folder / "linked/masks/up");
  const Outcome linked = train("linked", "of linked");
  REQUIRE_MESSAGE(linked.code == 0, linked.text);
  CHECK(steps("of linked") == steps("of plain"));
  CHECK_MESSAGE(
      linked.text.find("a link back to a folder that it lies in: 1 (up)") != std::string::npos,
      linked.text);
  const Outcome seen = run("inspect --data " + quoted(folder / "linked"), "timeout 20 ");
  CHECK_MESSAGE(seen.code == 0, seen.text);
  CHECK(seen.text.find("1 (up)") != std::string::npos);
}

}  // namespace dmf
