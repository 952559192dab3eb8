#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/data/data_record.h"
#include "apps/image/codecs/image_file.h"
#include "apps/image/image.h"
#include "engine/core/rng.h"
#include "tests/support/run_fixture.h"

// A run folder is one run, of the data it began with.

namespace dmf {

TEST_CASE_FIXTURE(RunFixture,
                  "train --overwrite: the former run goes first, whole; others' files stay") {
  REQUIRE(run(train("new", "--seed 2")).code == 0);
  REQUIRE(run(train("former")).code == 0);
  const std::string old_scores = run(evaluate("former")).text,
                    new_scores = run(evaluate("new")).text;
  REQUIRE(old_scores != new_scores);
  const std::map<std::string, std::string> foreign = {
      {"notes.txt", "mine"}, {"panels/mine.png", "mine too"}, {"more/metrics.json", "{}"}};
  int n = 0, refused = 0;
  for (bool removed = false; !removed;) {
    const std::string out = fmt::format("over{}", ++n);
    fs::copy(folder / "former", folder / out, fs::copy_options::recursive);
    for (const auto& [name, text] : foreign) write_text(folder / out / name, text);
    const Outcome outcome = run(train(out, "--seed 2 --overwrite"), at_call(n, out));
    REQUIRE(was_killed(outcome));
    removed = read_text(folder / out / "config.toml") == read_text(folder / "new/config.toml") &&
              fs::exists(folder / out / "checkpoint.safetensors");
    const Outcome scored = run(evaluate(out));
    refused += scored.code == 0 ? 0 : 1;
    CHECK_MESSAGE((scored.code != 0 || scored.text == old_scores || scored.text == new_scores), n,
                  ": ", scored.text);
    const Outcome again = run(train(out, "--seed 2 --overwrite"));
    REQUIRE_MESSAGE(again.code == 0, n, ": ", again.text);
    for (const auto& each : foreign) {
      CHECK_MESSAGE(read_text(folder / out / each.first) == each.second, n, ": ", each.first);
      fs::remove(folder / out / each.first);
    }
    same_runs("new", out);
    fs::remove_all(folder / out);
  }
  CHECK(n > 30);
  CHECK(refused > 20);
}

TEST_CASE_FIXTURE(RunFixture,
                  "train --overwrite: a file that train did not write is never replaced") {
  REQUIRE(run(train("run")).code == 0);
  const std::map<std::string, std::string> before = content_of(folder / "run");
  for (const char* name :
       {"metrics.json", "per_image.csv", "best.safetensors", "run.json", "report.html"}) {
    write_text(folder / "run" / name, "somebody's\n");
    auto expected = before;
    expected[name] = "somebody's\n";
    is_one_error_line(run(train("run", "--overwrite")), 1, "was not written by train");
    CHECK(content_of(folder / "run") == expected);
    write_text(folder / "run" / name, before.at(name));
  }
  write_text(folder / "other/config.toml", "lr=1\n");
  is_one_error_line(run(train("other", "--overwrite")), 1, "other/config.toml was not written by");
  is_one_error_line(run(train("other")), 1, "other/config.toml was not written by");
  is_one_error_line(run(train("run")), 1,
                    "it holds a run: go on with it (" DMF_PROGRAMS "/train --resume /");
}

TEST_CASE_FIXTURE(RunFixture,
                  "a run folder is one run: a file of another is named by every reader") {
  REQUIRE(run(train("a")).code == 0);
  REQUIRE(run(train("b", "--seed 5")).code == 0);
  for (const char* name : {"best.safetensors", "last.safetensors", "metrics.json", "config.toml",
                           "run.json", "split.csv", "steps.csv", "per_image.csv"}) {
    fs::remove_all(folder / "mixed");
    fs::copy(folder / "a", folder / "mixed", fs::copy_options::recursive);
    fs::copy_file(folder / "b" / name, folder / "mixed" / name,
                  fs::copy_options::overwrite_existing);
    const std::string mixed = quoted(folder / "mixed");
    is_one_error_line(run(evaluate("mixed")), 1, name);
    is_one_error_line(run(resume("mixed")), 1, name);
    is_one_error_line(run("predict --model " + mixed + " --out " + quoted(folder / "p") + " " +
                          quoted(folder / "data/benign")),
                      1, name);
    is_one_error_line(run("experiment report " + mixed + " --out " + quoted(folder / "r")), 1,
                      name);
  }
  CHECK_FALSE(fs::exists(folder / "p"));
  // A checkpoint is looked at where it is needed.
  fs::remove_all(folder / "mixed");
  fs::copy(folder / "a", folder / "mixed", fs::copy_options::recursive);
  fs::copy_file(folder / "b/checkpoint.safetensors", folder / "mixed/checkpoint.safetensors",
                fs::copy_options::overwrite_existing);
  is_one_error_line(run(resume("mixed")), 1, "seed is 1 in config.toml and 5 in the checkpoint");
  const std::string id = nlohmann::json::parse(read_text(folder / "a/run.json"))["id"];
  for (const char* name : {"config.toml", "best.safetensors", "last.safetensors", "metrics.json",
                           "checkpoint.safetensors", "report.html"}) {
    CHECK_MESSAGE(read_text(folder / "a" / name).find(id) != std::string::npos, name);
  }
}

TEST_CASE_FIXTURE(RunFixture, "runs of older versions, whose files have no id, still open") {
  REQUIRE(run(train("old")).code == 0);
  auto record = nlohmann::ordered_json::parse(read_text(folder / "old/run.json"));
  for (const char* key : {"id", "data", "files"}) record.erase(key);
  write_text(folder / "old/run.json", record.dump(2) + "\n");
  const std::string config = read_text(folder / "old/config.toml");
  write_text(folder / "old/config.toml", config.substr(config.find('\n') + 1));
  const Outcome scored = run(evaluate("old"));
  CHECK(scored.code == 0);
  CHECK(has(scored, "holds no hashes of the data (an older version wrote it)"));
  CHECK(has(run(resume("old")), "holds no hashes of the data"));
  CHECK_FALSE(has(run(resume("old")), "holds no hashes of the data"));  // they are kept now
}

TEST_CASE_FIXTURE(RunFixture,
                  "evaluate: in windows, one of which is the whole image at half its size") {
  REQUIRE(run(train("run")).code == 0);
  const auto scores = [&](const std::string& tiles) {
    const std::string json = quoted(folder / (tiles + ".json"));
    const Outcome outcome = run(evaluate("run", "--tiles " + tiles + " --json " + json));
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
    return nlohmann::json::parse(read_text(folder / (tiles + ".json")));
  };
  nlohmann::json whole = scores("0"), half = scores("0.5"), own = scores("1");
  CHECK(whole["at"] == "original");
  CHECK(half["at"] == "original, in windows at 0.5 times that");
  half["at"] = own["at"] = "original";
  CHECK(half == whole);
  CHECK(own != whole);
  is_one_error_line(run(evaluate("run", "--tiles 1 --at network")), 1,
                    "[evaluate] --at network with --tiles 1: expected --at original");
  is_one_error_line(run(evaluate("run", "--tiles -1")), 2,
                    "--tiles: got '-1', expected a number >= 0 and <= 16");
}

TEST_CASE_FIXTURE(RunFixture,
                  "a run knows its data: what changed is named, another encoding is none") {
  REQUIRE(run(train("run")).code == 0);
  const fs::path image = folder / "data/benign/benign (3).png",
                 mask = folder / "data/benign/benign (3)_mask.png";
  const std::string image_before = read_text(image), mask_before = read_text(mask);
  const std::string scores = run(evaluate("run")).text;
  const auto refused = [&](const std::string& problem) {
    is_one_error_line(run(evaluate("run")), 1, problem);
    is_one_error_line(run(resume("run")), 1, problem);
    CHECK(run(evaluate("run", "--data " + quoted(folder / "data"))).code == 0);  // as another set
  };
  const auto rewritten = [](const fs::path& path, int channels, int change) {
    const RawImage raw = read_image(path);
    std::vector<std::uint8_t> samples;
    for (std::size_t i = 0; i < raw.samples.size(); ++i) {
      const int sample = i == 40 ? std::abs(static_cast<int>(raw.samples[i]) - change)
                                 : static_cast<int>(raw.samples[i]);
      for (int c = 0; c < channels; ++c) samples.push_back(static_cast<std::uint8_t>(sample));
    }
    write_png(path, raw.height, raw.width, channels, samples);
  };
  rewritten(image, 3, 0);
  rewritten(mask, 3, 0);
  CHECK(read_text(image) != image_before);
  CHECK(run(evaluate("run")).text == scores);
  write_text(image, image_before);
  write_text(mask, mask_before);

  rewritten(mask, 1, 255);
  refused("1 of 14 images has changed: 'benign/benign (3)' (labels)");
  rewritten(image, 1, 1);
  refused("'benign/benign (3)' (image and labels)");
  write_text(mask, mask_before);
  refused("'benign/benign (3)' (image)");
  fs::remove(folder / "data/benign/benign (2).png");
  fs::remove(folder / "data/benign/benign (2)_mask.png");
  refused("1 of 14 images is gone: 'benign/benign (2)'");
  fs::copy_file(image, folder / "data/benign/benign (9).png");
  fs::copy_file(mask, folder / "data/benign/benign (9)_mask.png");
  refused("1 image is new: 'benign/benign (9)'");

  const Outcome scored = run(evaluate("run", "--data-changed --part all"));
  CHECK_MESSAGE(scored.code == 0, scored.text);
  CHECK(has(scored, "warning: since the run began, 1 of 14 images"));
  const Outcome gone_on = run(resume("run", "--data-changed"));
  REQUIRE_MESSAGE(gone_on.code == 0, gone_on.text);
  const auto record = nlohmann::json::parse(read_text(folder / "run/run.json"));
  CHECK(record["former_data"].size() == 1);
  CHECK(record["data"].size() == 14);
  CHECK(run(resume("run")).code == 0);  // the data are those of the run now
  CHECK(run(evaluate("run")).code == 0);
}

TEST_CASE("data record: hashes of pixels and labels, whatever holds them") {
  Rng rng(11);
  for (int k = 0; k < 200; ++k) {
    RawImage image;
    image.height = 1 + static_cast<int>(rng.below(9));
    image.width = 1 + static_cast<int>(rng.below(9));
    image.channels = 1;
    const auto pixels = static_cast<std::size_t>(image.height * image.width);
    for (std::size_t i = 0; i < pixels; ++i) {
      image.samples.push_back(static_cast<std::uint16_t>(rng.below(256)));
    }
    LabelMap labels(image.height, image.width);
    for (auto& label : labels.labels) label = static_cast<std::int32_t>(rng.below(3));
    const ItemHashes hashes = {hash_of_image(image), hash_of_labels(labels)};
    RawImage other = image;  // with alpha, in colour, of 16 bits
    other.channels = 4;
    other.largest = 65535;
    other.samples.clear();
    for (const std::uint16_t sample : image.samples) {
      other.samples.insert(other.samples.end(), 3, static_cast<std::uint16_t>(sample * 257));
      other.samples.push_back(static_cast<std::uint16_t>(rng.below(65536)));
    }
    CHECK(hash_of_image(other) == hashes.image);
    std::uint16_t& sample = other.samples[rng.below(pixels) * 4 + rng.below(3)];
    sample = static_cast<std::uint16_t>(sample ^ 1);
    CHECK(hash_of_image(other) != hashes.image);
    other = image;
    std::swap(other.height, other.width);
    CHECK((hash_of_image(other) == hashes.image) == (image.height == image.width));
    labels.labels[rng.below(pixels)] += 1;
    CHECK(hash_of_labels(labels) != hashes.labels);
  }
}

TEST_CASE_FIXTURE(RunFixture,
                  "train, evaluate: folders may move, and commands can be pasted anywhere") {
  const std::string in_folder = "cd " + quoted(folder.path()) + " && ";
  const std::string odd = "it's a run";
  const Outcome stopped =
      run("train --data data --image 16 --depth 1 --base-width 2 --epochs 2 --batch 5 --threads 1 "
          "--history-size 2 --out \"" +
              odd + "\"",
          in_folder + at_call(40, odd.substr(3), SIGTERM));
  REQUIRE_MESSAGE(stopped.code == 143, stopped.text);
  const std::string word = "Go on with: " DMF_PROGRAMS "/";
  const std::string command = stopped.text.substr(stopped.text.rfind(word) + word.size());
  const Outcome pasted = run(command.substr(0, command.size() - 1), "cd / && ");
  CHECK_MESSAGE(pasted.code == 0, pasted.text);
  CHECK(run("evaluate --run \"" + (folder / odd).string() + "\"", "cd / && ").code == 0);

  fs::rename(folder / odd, folder / "run");
  fs::rename(folder / "data", folder / "moved");
  const std::string moved = "--data " + quoted(folder / "moved");
  is_one_error_line(run(evaluate("run")), 1, "say where they lie now (--data FOLDER --part test)");
  is_one_error_line(run(resume("run")), 1,
                    "is not a folder: say where they lie now (" DMF_PROGRAMS "/train --res");
  const Outcome there = run(evaluate("run", moved + " --part test"));
  CHECK_MESSAGE(there.code == 0, there.text);
  CHECK(run(resume("run", moved)).code == 0);
  CHECK(run(evaluate("run")).text == there.text);
  is_one_error_line(run(resume("run", "--epochs 9")), 2,
                    "--epochs cannot be given with it: the learning rate at each step depends");
}

TEST_CASE_FIXTURE(RunFixture,
                  "train --device reference: what the fast kernels find, within rounding") {
  REQUIRE(run(train("fast")).code == 0);
  const Outcome plain = run(train("plain", "--device reference"));
  REQUIRE_MESSAGE(plain.code == 0, plain.text);
  CHECK(has(plain, "device    reference"));
  const auto losses = [this](const std::string& out) {
    const std::string text = read_text(folder / out / "epochs.csv");
    std::istringstream row(text.substr(text.find('\n') + 1));
    std::string epoch;
    std::pair<double, double> found;  // of training and of validation
    char comma = 0;
    std::getline(row, epoch, ',');
    row >> found.first >> comma >> found.second;
    REQUIRE(row.good());
    return found;
  };
  const auto expected = losses("fast"), got = losses("plain");
  CHECK(got.first == doctest::Approx(expected.first).epsilon(1e-4));
  CHECK(got.second == doctest::Approx(expected.second).epsilon(1e-3));
}

}  // namespace dmf
