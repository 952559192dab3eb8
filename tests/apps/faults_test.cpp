#include <doctest/doctest.h>

#include <cmath>

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
  options.image = 64;
  options.base_width = 16;
  options.auxiliary = "cb_dice";
  for (const std::string model : {"paper", "classic"}) {
    options.model = model;
    options.batch = 16;
    const MemoryForecast forecast = forecast_memory(options);

    release_cached_memory(Device::cpu());
    const std::size_t before = memory_stats(Device::cpu()).in_use;
    reset_memory_peak(Device::cpu());
    UNet<float> network(options.network_spec());
    FusedLoss<float> loss = make_fused_loss(options);
    const auto optimizer = make_optimizer(options, network);
    Prediction<float> prediction(
        network.forward(Variable<float>(Tensor<float>::full(Shape{16, 64, 64, 1}, 0.5f))),
        Tensor<std::int32_t>::zeros(Shape{16, 64, 64}));
    loss.step(prediction).total.backward();
    const auto step = static_cast<double>(memory_stats(Device::cpu()).peak - before);
    const double checkpoint = 24.0 * static_cast<double>(network.parameter_count());
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
    return run("train --data " + quoted(folder / "data") + " --image 192 --epochs 1 --threads 2 " +
                   "--batch " + batch + " --out " + quoted(folder / out),
               "ulimit -v 450000; ");
  };
  const Outcome failed = train("10", "a");
  is_one_error_line(failed, 1, "[train] out of memory in step 0: a step of 10 images needs");
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
  const std::string options = "train --data " + quoted(folder / "data") +
                              " --image 32 --base-width 4 --epochs 1 --batch 4 --optimizer sgd "
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

TEST_CASE("train, phantom: a file that cannot grow is one line, and no half of it is left") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string limit = "ulimit -f 100; ";  // 50 kB; the checkpoint takes more
  is_one_error_line(
      run("train --data " + quoted(folder / "data") +
              " --image 32 --base-width 4 --epochs 2 --batch 4 --out " + quoted(folder / "run"),
          limit),
      1, "checkpoint.safetensors");
  CHECK_FALSE(std::filesystem::exists(folder / "run/checkpoint.safetensors"));
  CHECK_FALSE(std::filesystem::exists(folder / "run/checkpoint.safetensors.partial"));
  is_one_error_line(
      run("phantom --size 512 --benign 1 --malignant 0 --out " + quoted(folder / "large"), limit),
      1, "too large");
}

}  // namespace dmf
