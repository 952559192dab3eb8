#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <random>

#include "apps/data/loader.h"
#include "apps/evaluation/calibration.h"
#include "apps/image/codecs/image_file.h"
#include "apps/image/image.h"
#include "apps/prediction/polygons.h"
#include "apps/run/model_file.h"
#include "engine/io/safetensors.h"
#include "layers/networks/unet.h"
#include "tests/support/drawn_outlines.h"
#include "tests/support/folder_snapshot.h"
#include "tests/support/programs.h"

// predict: outlines that are the mask exactly, folders as people have them, errors that stop one
// image or all.

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// A network that has learnt nothing, and some images.
struct PredictFixture {
  TemporaryFolder folder;
  std::string predict;

  PredictFixture() {
    UNetSpec spec;
    spec.depth = 1;
    spec.base_width = 2;
    PreprocessSpec preprocess;
    preprocess.size = 16;
    save_model(folder / "m.safetensors", UNet<float>(spec), {preprocess});
    predict = "predict --threads 1 --model " + quoted(folder / "m.safetensors") + " --out " +
              quoted(folder / "out") + " ";
  }

  /// Noise, so that the masks have structure.
  void image(const fs::path& name, int height = 12, int width = 17, int channels = 1) {
    std::mt19937 random(static_cast<unsigned>(name.string().size()));
    std::vector<std::uint8_t> samples(static_cast<std::size_t>(height * width * channels));
    for (std::uint8_t& sample : samples) sample = static_cast<std::uint8_t>(random() % 256);
    fs::create_directories((folder.path() / name).parent_path());
    write_png(folder.path() / name, height, width, channels, samples);
  }

  Outcome run_on(const std::string& options, const fs::path& input) {
    return run(predict + options + " " + quoted(folder.path() / input));
  }
};

LabelMap labels_of(const fs::path& mask) {
  const RawImage raw = read_image(mask);
  LabelMap labels(raw.height, raw.width);
  for (int h = 0; h < raw.height; ++h) {
    for (int w = 0; w < raw.width; ++w) labels.at(h, w) = raw.at(h, w, 0) > 0 ? 1 : 0;
  }
  return labels;
}

void says(const Outcome& outcome, int code, const std::string& text) {
  CHECK_MESSAGE(outcome.code == code, outcome.text);
  CHECK_MESSAGE(outcome.text.find(text) != std::string::npos, outcome.text);
}

}  // namespace

TEST_CASE_FIXTURE(PredictFixture, "predict: outlines in LabelMe and COCO files are its masks") {
  image("in/a.png");
  image("in/sub/b.png", 30, 21);
  says(run_on("--recursive --polygons labelme", "in"), 0, "2 of 2 images");
  for (const char* name : {"a", "sub/b"}) {
    const std::string result = std::string("out/") + name,
                      text = read_text(folder / (result + ".json"));
    CHECK(drawn_from_labelme(text, {"lesion"}).labels ==
          labels_of(folder / (result + "_mask.png")).labels);
    const std::string path = nlohmann::json::parse(text)["imagePath"];
    CHECK(fs::equivalent((folder / result).parent_path() / path,
                         folder / (std::string("in/") + name + ".png")));
  }
  says(run_on("--recursive --polygons coco --overwrite", "in"), 0, "2 of 2 images");
  const auto coco = nlohmann::json::parse(read_text(folder / "out/coco.json"));
  CHECK(coco["images"][0]["file_name"] == "a.png");
  CHECK(coco["images"][1]["file_name"] == "sub/b.png");
  CHECK(drawn_from_coco(coco, 0).labels == labels_of(folder / "out/a_mask.png").labels);
  CHECK(drawn_from_coco(coco, 1).labels == labels_of(folder / "out/sub/b_mask.png").labels);
}

TEST_CASE_FIXTURE(PredictFixture,
                  "predict: maps are calibrated, masks what they have above the threshold") {
  image("a.png");
  says(run_on("--floats", "a.png"), 0, "1 of 1 images");
  const auto written = [&](const fs::path& out) {
    const auto tensor =
        read_safetensors(folder / out / "a_probabilities.safetensors").get<float>("probabilities");
    Image image(12, 17, 2);
    std::copy_n(tensor.data(), image.pixels.size(), image.pixels.begin());
    return image;
  };
  const Image plain = written("out");
  const Image expected = calibrated(plain, 0.5);
  std::vector<float> lesion;
  for (std::size_t i = 1; i < expected.pixels.size(); i += 2) lesion.push_back(expected.pixels[i]);
  std::sort(lesion.begin(), lesion.end());
  const auto threshold = static_cast<double>(lesion[lesion.size() / 2]);
  Model model = load_model(folder / "m.safetensors");
  model.inference = {.temperature = 0.5, .threshold = threshold};
  save_model(folder / "m.safetensors", model.network(), model);
  says(run_on("--floats --overwrite", "a.png"), 0, "1 of 1 images");
  const Image again = written("out");
  CHECK(again.pixels == expected.pixels);
  const LabelMap mask = labels_of(folder / "out/a_mask.png");
  const RawImage map = read_image(folder / "out/a_probability.png");
  std::size_t apart = 0;  // from what the threshold would say of other probabilities
  for (std::size_t i = 0; i < mask.labels.size(); ++i) {
    CHECK(mask.labels[i] == (static_cast<double>(again.pixels[2 * i + 1]) > threshold ? 1 : 0));
    CHECK(map.samples[i] == to_byte(1.0f - again.pixels[2 * i]));
    if ((static_cast<double>(plain.pixels[2 * i + 1]) > threshold ? 1 : 0) != mask.labels[i])
      ++apart;
  }
  CHECK(apart > 20);
}

TEST_CASE_FIXTURE(PredictFixture, "predict: in windows, at the image's own size, of any size") {
  image("small.png", 16, 16);
  image("odd.png", 45, 17);
  const auto map = [&](const std::string& options, const std::string& name) {
    says(run_on("--overwrite " + options, name + ".png"), 0, "1 of 1 images");
    return read_image(folder / "out" / (name + "_probability.png"));
  };
  CHECK(map("--tiles 1", "small").samples == map("", "small").samples);
  const RawImage windows = map("--tiles 1", "odd"), whole = map("", "odd"),
                 larger = map("--tiles 1.7", "odd");
  CHECK(windows.height == 45);
  CHECK(windows.width == 17);
  CHECK(larger.height == 45);
  CHECK(windows.samples != whole.samples);
  CHECK(windows.samples != larger.samples);
  predict.replace(predict.find("--threads 1"), 11, "--threads 2");
  CHECK(map("--tiles 1", "odd").samples == windows.samples);
}

TEST_CASE_FIXTURE(PredictFixture,
                  "predict: where looks or members disagree, and what its greys are") {
  image("a.png");
  is_one_error_line(run_on("--disagreement", "a.png"), 1,
                    "[predict] --disagreement of one network that looks once: expected several "
                    "models, or one that averages looks");
  CHECK_FALSE(fs::exists(folder / "out"));
  Model model = load_model(folder / "m.safetensors");
  model.inference.mirror = true;
  save_model(folder / "m.safetensors", model.network(), model);
  says(run_on("", "a.png"), 0, "1 of 1 images");
  CHECK_FALSE(fs::exists(folder / "out/disagreement.txt"));
  says(run_on("--overwrite --disagreement", "a.png"), 0, "1 of 1 images");
  CHECK(read_text(folder / "out/disagreement.txt") ==
        "*_disagreement.png: the standard deviation over 2 looks of a network of a pixel's "
        "probability of a lesion, not calibrated. Grey 0 is 0, grey 255 is 0.5, the largest that "
        "there can be.\n");
  const Sample sample{preprocess(read_image(folder / "a.png"), model.preprocess), {}};
  const auto looks = model.predictor().opinions_of(stack_images({sample}));
  const Image spread =
      restore_size(disagreement({looks[0][0], looks[1][0]}), model.preprocess, 12, 17);
  const RawImage map = read_image(folder / "out/a_disagreement.png");
  REQUIRE(map.samples.size() == spread.pixels.size());
  for (std::size_t i = 0; i < map.samples.size(); ++i) {
    CHECK(map.samples[i] == to_byte(spread.pixels[i]));
  }
  CHECK(*std::max_element(map.samples.begin(), map.samples.end()) > 0);
  fs::copy_file(folder / "m.safetensors", folder / "n.safetensors");
  says(run("predict --threads 1 --model " + quoted(folder / "m.safetensors") + " " +
           quoted(folder / "n.safetensors") + " --out " + quoted(folder / "both") + " " +
           quoted(folder / "a.png")),
       0, "1 of 1 images");
  CHECK(read_text(folder / "both/disagreement.txt").find("over 2 networks of") !=
        std::string::npos);
  for (const std::uint16_t grey : read_image(folder / "both/a_disagreement.png").samples) {
    CHECK(grey == 0);
  }
}

TEST_CASE_FIXTURE(PredictFixture,
                  "predict: many images at a time have the bytes of one after the other") {
  for (int k = 0; k < 40; ++k) {
    image(fmt::format("in/{:0{}}.png", k, 2 + k % 9), 5 + k % 13, 40 - k, k % 2 == 0 ? 1 : 3);
  }
  write_text(folder / "in/07broken.png", "no image");
  write_text(folder / "in/30broken.png", "no image");
  const Outcome alone = run_on("--list --polygons coco", "in");
  CHECK(alone.code == 1);
  const auto expected = snapshot(folder / "out");
  CHECK(expected.size() == 40 * 3 + 2);  // with coco.json and the list of what was written
  for (const char* threads : {"2", "3"}) {
    fs::remove_all(folder / "out");
    std::string command = predict;
    command.replace(command.find("--threads 1"), 11, std::string("--threads ") + threads);
    const Outcome together = run(command + "--list --polygons coco " + quoted(folder / "in"));
    CHECK(together.code == 1);
    CHECK(together.text.ends_with(alone.text));  // after a warning where there are fewer cores
    CHECK(snapshot(folder / "out") == expected);
  }
}

TEST_CASE_FIXTURE(PredictFixture, "predict: one summary line; a line an image only with --list") {
  image("in/a.png");
  image("in/b.png");
  const Outcome quiet = run_on("", "in");
  CHECK(quiet.text == fmt::format("2 of 2 images segmented into {}\n", (folder / "out").string()));
  const Outcome listed = run_on("--list --overwrite", "in");
  CHECK(std::count(listed.text.begin(), listed.text.end(), '\n') == 3);
  says(listed, 0, "in/a.png: lesion ");
}

TEST_CASE_FIXTURE(PredictFixture,
                  "predict: of a folder it leaves out masks, results, hidden files, loops and what "
                  "is no image, and counts them") {
  image("in/a.png");
  image("in/a_mask.png");
  image("in/a_mask_1.png");
  image("in/b_mask.png");  // no b: an image
  image("in/._a.png");
  image("in/sub/c.png");
  image("elsewhere/d.png");
  write_text(folder / "in/notes.txt", "notes");
  write_text(folder / "in/old.gif", "GIF89a");
  fs::create_symlink(folder / "elsewhere/d.png", folder / "in/link.png");
  fs::create_symlink(folder / "nowhere", folder / "in/dangling.png");
  const Outcome flat = run_on("", "in");
  says(flat, 0, "3 of 3 images");
  for (const char* part : {"2 masks beside their images", "1 hidden file",
                           "1 link that leads nowhere", "2 files that are no images it reads",
                           "1 sub-folder with images", "--recursive takes them"}) {
    CHECK_MESSAGE(flat.text.find(part) != std::string::npos, flat.text);
  }
  for (const char* name : {"a", "b_mask", "link"}) {
    CHECK(fs::exists(folder / ("out/" + std::string(name) + "_mask.png")));
  }
  fs::create_directory_symlink(folder / "in", folder / "in/sub/loop");
  const Outcome deep = run_on("--recursive --overwrite", "in");
  says(deep, 0, "4 of 4 images");
  says(deep, 0, "1 folder that was seen already");
  CHECK(fs::exists(folder / "out/sub/c_mask.png"));
  // Its own results, wherever they lie and from wherever one looks.
  says(run(predict + "--recursive --overwrite " + quoted(folder / "out")), 1,
       "12 results of an earlier predict");
  says(run(predict + "--recursive --overwrite " + quoted(folder / "out/sub")), 1,
       "3 results of an earlier predict");
  const std::string inside = "predict --threads 1 --model " + quoted(folder / "m.safetensors") +
                             " --out " + quoted(folder / "in") + " ";
  const auto before = snapshot(folder / "in");
  is_one_error_line(run(inside + quoted(folder / "in")), 1, "a_mask.png");
  CHECK(snapshot(folder / "in") == before);
  fs::remove(folder / "in/a_mask.png");
  fs::remove(folder / "in/a_mask_1.png");
  for (int i = 0; i < 3; ++i) {  // beside the images: the number stays the same
    says(run(inside + "--overwrite " + quoted(folder / "in")), 0, "3 of 3 images");
  }
  is_one_error_line(run(predict + quoted(folder / "in/old.gif")), 1, "old.gif");
}

TEST_CASE_FIXTURE(PredictFixture, "predict: images whose results would be the same are refused") {
  image("in/a.png");
  image("in/a.bmp");
  image("in/sub/a.png");
  is_one_error_line(run_on("", "in"), 1, "in/a.bmp and");
  CHECK_FALSE(fs::exists(folder / "out"));
  fs::remove(folder / "in/a.bmp");
  says(run_on("--recursive", "in"), 0, "2 of 2 images");
  CHECK(fs::exists(folder / "out/a_mask.png"));
  CHECK(fs::exists(folder / "out/sub/a_mask.png"));
}

TEST_CASE_FIXTURE(
    PredictFixture,
    "predict: a broken or too large image does not stop the others; a full disk does") {
  image("in/a.png");
  image("in/b.png");
  image("in/z.png");
  write_text(folder / "in/b.png", read_text(folder / "in/b.png").substr(0, 60));
  write_text(folder / "in/empty.png", "");
  const Outcome broken = run_on("", "in");
  says(broken, 1, "2 of 4 images");
  says(broken, 1, "in/b.png, ");
  says(broken, 1, "empty.png is empty");
  CHECK(fs::exists(folder / "out/z_mask.png"));
  fs::remove(folder / "in/b.png");
  fs::remove(folder / "in/empty.png");
#if !defined(__SANITIZE_ADDRESS__)
  image("in/large.png", 4000, 5000);
  const Outcome large = run(predict + "--overwrite " + quoted(folder / "in"), "ulimit -v 300000; ");
  says(large, 1, "2 of 3 images");
  says(large, 1, "in/large.png");
  CHECK(large.text.find("in/z.png") == std::string::npos);
  fs::remove(folder / "in/large.png");
#endif
  const Outcome full = run(predict + "--overwrite --list " + quoted(folder / "in"),
                           "LD_PRELOAD=" DMF_FAULTY_IO " DMF_FAULT=write DMF_FAULT_PATH=out/ ");
  is_one_error_line(full, 1, "No space left on device");
  CHECK(std::count(full.text.begin(), full.text.end(), '\n') == 1);
}

}  // namespace dmf
