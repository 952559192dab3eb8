#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <sstream>

#include "apps/files/csv.h"
#include "apps/image/codecs/image_file.h"
#include "apps/training/memory_forecast.h"
#include "apps/training/parts.h"
#include "engine/io/atomic_file.h"
#include "engine/io/safetensors.h"
#include "engine/tensor/allocator.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// Memory that runs out, disks that are full, numbers that go wrong.

namespace dmf {

TEST_CASE("forecast_memory: what a step really takes, within a tenth") {
  TrainOptions options;
  options.data.masks.classes = 2;
  options.data.preprocess.size = 64;
  options.network_settings.set("base-width", std::int64_t{16});
  options.auxiliary = "cb_dice";
  for (const std::string model : {"paper", "classic"}) {
    options.model = model;
    options.batch = 16;
    const MemoryForecast forecast = forecast_memory(options);

    release_cached_memory(Device::cpu());
    const std::size_t before = memory_stats(Device::cpu()).in_use;
    reset_memory_peak(Device::cpu());
    const auto network = make_network<float>(options.network_spec());
    FusedLoss<float> loss = make_fused_loss(options);
    const auto optimizer = make_optimizer(options, *network);
    const Variable<float> images(Tensor<float>::full(Shape{16, 64, 64, 1}, 0.5f));
    const Labels labels(Tensor<std::int32_t>::zeros(Shape{16, 64, 64}), options.data.masks.classes);
    loss.step(network->forward(images), labels).total.backward();
    const auto step = static_cast<double>(memory_stats(Device::cpu()).peak - before);
    const double checkpoint = 24.0 * static_cast<double>(network->parameter_count());
    CHECK(forecast.step(16) == doctest::Approx(step + checkpoint).epsilon(0.1));
  }
}

TEST_CASE("memory_text: compares, and names the batch that fits with a third to spare") {
  const MemoryForecast forecast{1e8, 1e7};
  CHECK(memory_text(forecast, 8, 3e9) == "a step of 8 images needs 180 MB, 3.0 GB are free");
  CHECK(memory_text(forecast, 8, INFINITY) == "a step of 8 images needs 180 MB");
  CHECK(memory_text(forecast, 40, 6e8) ==
        "a step of 40 images needs 500 MB, 600 MB are free: --batch 30 would fit");
  CHECK(memory_text(forecast, 1, 9e7) ==
        "a step of 1 image needs 110 MB, 90 MB are free: not one image fits, use a smaller "
        "--image");
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("train: out of memory in one line, and the batch it names fits") {
  if (!std::filesystem::exists("/proc/self/statm")) {
    MESSAGE("skipped: without /proc nobody knows how much memory this process holds");
    return;
  }
  const TemporaryFolder folder;
  make_data(folder / "data");
  const auto train = [&](const std::string& batch, const std::string& out) {
    return run("train --data " + quoted(folder / "data") +
                   " --recipe paper --image 192 --epochs 1 --threads 2 " + "--batch " + batch +
                   " --out " + quoted(folder / out),
               "ulimit -v 450000; ");
  };
  const Outcome failed = train("10", "a");
  is_one_error_line(failed, 1, "[memory] out of memory in step 0: a step of 10 images needs");
  const auto at = failed.text.rfind("--batch ") + 8;
  const std::string fitting = failed.text.substr(at, failed.text.find(' ', at) - at);
  const Outcome trained = train(fitting, "b");
  CHECK_MESSAGE(trained.code == 0, trained.text);
}
#endif

TEST_CASE("train: numbers that are not finite stop it with all there is to say, or are left out") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  // A learning rate under which the weights overflow after the first step.
  const std::string options =
      "train --data " + quoted(folder / "data") +
      " --recipe paper --image 32 --base-width 4 --epochs 1 --batch 4 --optimizer sgd "
      "--lr 1e38 --momentum 0 --auxiliary cb_dice ";
  const Outcome stopped = run(options + "--out " + quoted(folder / "a"));
  is_one_error_line(stopped, 1, "[train] step 1: ");
  for (const char* part : {" is not finite", "First: ", "Images: ", "not_finite.safetensors",
                           "What was saved last is untouched"}) {
    CHECK_MESSAGE(stopped.text.find(part) != std::string::npos, stopped.text);
  }
  const Safetensors kept = read_safetensors(folder / "a/not_finite.safetensors");
  CHECK(kept.get<float>("images").shape()[3] == 1);
  CHECK(kept.get<std::int32_t>("labels").shape()[1] == 32);
  CHECK(read_safetensors(folder / "a/checkpoint.safetensors").metadata.at("step") == "0");

  const Outcome went_on = run(options + "--skip-not-finite --out " + quoted(folder / "b"));
  CHECK_MESSAGE(went_on.text.find("warning: 2 steps left out so far") != std::string::npos,
                went_on.text);
  const std::string steps = read_text(folder / "b/steps.csv");
  CHECK_MESSAGE(steps.find("\n1,1,nan,nan") != std::string::npos, steps);
}

namespace {

#if DMF_WITH_EVENTS
const std::string kEvents = "--tensorboard ";
#else
const std::string kEvents;
#endif
const std::string kShort =
    " --recipe paper --image 32 --base-width 4 --epochs 3 --batch 4 --history-size 2 ";

/// Puts the faulty library before the system's, for one command.
std::string faulty(const std::string& settings) {
  return "LD_PRELOAD=" DMF_FAULTY_IO " " + settings + " ";
}

}  // namespace

TEST_CASE(
    "train: an image is read whole once, however many epochs there are, beside a look at its head") {
  const TemporaryFolder folder;
  REQUIRE(run("phantom --out " + quoted(folder / "data") + " --benign 7 --malignant 7 --size 192")
              .code == 0);
  const std::string logged =
      faulty("DMF_FAULT=none DMF_FAULT_PATH=.png DMF_FAULT_LOG=" + quoted(folder / "log"));
  REQUIRE(
      run("train --data " + quoted(folder / "data") + kShort + "--out " + quoted(folder / "run"),
          logged)
          .code == 0);
  constexpr double kHead = 8192;  // what tells one format from another
  std::map<std::string, double> bytes;
  std::istringstream log(read_text(folder / "log"));
  for (std::string line; std::getline(log, line);) {
    const std::size_t blank = line.find(' ');
    bytes[line.substr(blank + 1)] += std::stod(line.substr(0, blank));
  }
  int images = 0;
  for (const auto& of_file : bytes) {
    const std::string& path = of_file.first;
    const auto size = static_cast<double>(std::filesystem::file_size(path));
    if (path.find("/data/") == std::string::npos || size < 2.0 * kHead)
      continue;  // a mask is small
    ++images;
    CHECK_MESSAGE(of_file.second >= size, path);
    CHECK_MESSAGE(of_file.second <= size + kHead, path);
  }
  CHECK(images == 14);
}

TEST_CASE(
    "train, predict: few bytes at a time change nothing; a disk that cannot be read is named") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const auto train = [&](const std::string& out) {
    return "train --data " + quoted(folder / "data") + kShort + "--out " + quoted(folder / out);
  };
  REQUIRE(run(train("whole")).code == 0);
  REQUIRE(run(train("short"), faulty("DMF_FAULT=short")).code == 0);
  CHECK(read_text(folder / "short/last.safetensors") ==
        read_text(folder / "whole/last.safetensors"));
  CHECK(read_text(folder / "short/metrics.json") == read_text(folder / "whole/metrics.json"));

  const auto unreadable = [](const std::string& name) {
    return faulty("DMF_FAULT=read DMF_FAULT_PATH='" + name + "'");
  };
  is_one_error_line(run(train("a"), unreadable("benign (2).png")), 1,
                    "benign (2).png: Input/output error");
  const std::string resume = "train --resume " + quoted(folder / "whole");
  is_one_error_line(run(resume, unreadable("checkpoint.safetensors")), 1,
                    "checkpoint.safetensors: Input/output error");
  is_one_error_line(run(resume, unreadable("steps.csv")), 1, "steps.csv: Input/output error");
  is_one_error_line(run(resume, unreadable("config.toml")), 1, "config.toml: Input/output error");
  const std::string predict = "predict --model " + quoted(folder / "whole") + " --out " +
                              quoted(folder / "masks") + " " + quoted(folder / "data/benign");
  const Outcome predicted = run(predict, unreadable("benign (2).png"));
  CHECK(predicted.code == 1);
  CHECK(predicted.text.find("6 of 7 images segmented") != std::string::npos);
  CHECK(predicted.text.find("benign (2).png: Input/output error") != std::string::npos);
}

TEST_CASE("train: a disk that is full at any file leaves a run that goes on to the same bytes") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const auto train = [&](const std::string& out) {
    return "train --data " + quoted(folder / "data") + kShort + kEvents + "--out " +
           quoted(folder / out);
  };
  REQUIRE(run(train("whole")).code == 0);
  int number = 0;
  for (const auto& [part, writes] : std::map<std::string, int>{{"steps.csv", 3},
                                                               {"epochs.csv", 2},
                                                               {"best.safetensors", 1},
                                                               {"last.safetensors", 2},
                                                               {"checkpoint.safetensors", 3},
                                                               {"events.out.tfevents", 2},
                                                               {"run.json", 2},
                                                               {"metrics.json", 1}}) {
    const std::string file = part;  // Clang 14 does not capture bindings
    if (kEvents.empty() && file == "events.out.tfevents") continue;
    const std::string out = std::to_string(++number);
    const Outcome full =
        run(train(out), faulty("DMF_FAULT=write DMF_FAULT_PATH='" + out + "/" + file +
                               "' DMF_FAULT_AFTER=" + std::to_string(writes)));
    const bool is_drawing = file == "report.html" || file == "panels/";
    if (is_drawing) {  // which the scores do not need
      CHECK_MESSAGE(full.code == 0, full.text);
      CHECK_MESSAGE(full.text.find("No space left on device") != std::string::npos, full.text);
      CHECK(std::filesystem::exists(folder / out / "metrics.json"));
    } else {
      is_one_error_line(full, 1, "No space left on device");
    }
    CHECK_FALSE(std::filesystem::exists(folder / out / (file + ".partial")));
    const Outcome resumed = run("train --resume " + quoted(folder / out));
    REQUIRE_MESSAGE(resumed.code == 0, resumed.text);
    for (const char* name :
         {"steps.csv", "epochs.csv", "best.safetensors", "last.safetensors",
          "checkpoint.safetensors", "metrics.json", "per_image.csv", "events.out.tfevents.0.dmf"}) {
      CHECK_MESSAGE(read_text(folder / out / name) == read_text(folder / "whole" / name), file,
                    ": ", name);
    }
  }
  for (const char* file : {"run.json", "split.csv", "config.toml"}) {
    const std::string fault =
        faulty("DMF_FAULT=write DMF_FAULT_PATH='early/" + std::string(file) + "'");
    is_one_error_line(run(train("early"), fault), 1, "No space left on device");
    CHECK_FALSE(std::filesystem::exists(folder / "early/checkpoint.safetensors"));
  }
}

TEST_CASE(
    "train: a loss that never has a gradient is named; --record-gradients writes how strong each "
    "is") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "data/images");
  std::filesystem::create_directories(folder / "data/masks");
  std::vector<std::uint8_t> mask(256, 0);
  std::fill(mask.begin(), mask.begin() + 32, 255);
  for (int i = 0; i < 8; ++i) {
    const std::string name = std::to_string(i) + ".png";
    write_png(folder / "data/images" / name, 16, 16, 1, std::vector<std::uint8_t>(256, 40));
    write_png(folder / "data/masks" / name, 16, 16, 1, mask);
  }
  // Focal loss with weight 0 for each class is 0 whatever is predicted.
  const std::string common =
      "train --data " + quoted(folder / "data") +
      " --recipe paper --image 16 --base-width 4 --depth 2 --epochs 1 --batch 4 --losses "
      "cce,mean_dice --auxiliary focal --focal-alpha 0,0 ";
  const Outcome silent = run(common + "--out " + quoted(folder / "a"));
  CHECK_MESSAGE(silent.code == 0, silent.text);
  CHECK(silent.text.find("warning: auxiliary_focal has had no gradient for an epoch") !=
        std::string::npos);
  CHECK(silent.text.find("warning: cce has had") == std::string::npos);
  REQUIRE(run(common + "--record-gradients --out " + quoted(folder / "b")).code == 0);
  const CsvTable steps = read_csv(folder / "b/steps.csv");
  CHECK(steps.number(0, "gradient_cce") > 0.0);
  CHECK(steps.number(0, "gradient_auxiliary_focal") == 0.0);
  CHECK(steps.number(0, "cosine_cce_auxiliary_focal") == 0.0);
  CHECK(read_text(folder / "a/last.safetensors") == read_text(folder / "b/last.safetensors"));
}

TEST_CASE("data: symbolic links are followed: an image that has no mask is an image without one") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  std::filesystem::create_directories(folder / "outside");
  write_png(folder / "outside/secret.png", 32, 32, 1, std::vector<std::uint8_t>(1024, 90));
  std::filesystem::create_symlink(folder / "outside/secret.png",
                                  folder / "data/benign/benign (8).png");
  std::filesystem::create_directory_symlink(folder / "outside", folder / "data/normal");
  const std::string train =
      "train --data " + quoted(folder / "data") + kShort + "--out " + quoted(folder / "run");
  is_one_error_line(
      run(train), 1,
      "1 image in " + (folder / "data/benign").string() + " without a mask: benign (8).png");
  std::filesystem::copy_file(folder / "data/benign/benign (7)_mask.png",
                             folder / "outside/mask.png");
  std::filesystem::create_symlink(folder / "outside/mask.png",
                                  folder / "data/benign/benign (8)_mask.png");
  const Outcome trained = run(train);
  CHECK_MESSAGE(trained.code == 0, trained.text);
  CHECK(trained.text.find("15 images, 8 benign") != std::string::npos);
  CHECK(run("predict --model " + quoted(folder / "run") + " --out " + quoted(folder / "masks") +
            " " + quoted(folder / "data/benign"))
            .text.find("8 of 8 images") != std::string::npos);
}

TEST_CASE("train, phantom: a file that cannot grow is one line, and no half of it is left") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string limit = "ulimit -f 100; ";  // 50 kB; the checkpoint takes more
  is_one_error_line(
      run("train --data " + quoted(folder / "data") +
              " --recipe paper --image 32 --base-width 4 --epochs 2 --batch 4 --out " +
              quoted(folder / "run"),
          limit),
      1, "checkpoint.safetensors");
  CHECK_FALSE(std::filesystem::exists(folder / "run/checkpoint.safetensors"));
  CHECK_FALSE(std::filesystem::exists(folder / "run/checkpoint.safetensors.partial"));
  is_one_error_line(
      run("phantom --size 512 --benign 1 --malignant 0 --out " + quoted(folder / "large"), limit),
      1, "too large");
}

}  // namespace dmf
