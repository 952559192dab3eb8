#include <doctest/doctest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "apps/data/phantom.h"
#include "apps/training/memory_forecast.h"
#include "apps/training/stepper.h"
#include "engine/core/check.h"
#include "engine/core/compute.h"
#include "layers/networks/unet.h"
#include "losses/registry.h"
#include "tests/support/random_tensor.h"

// Whole trainings on the CUDA device: steps as train makes them, on simulated images.

namespace dmf {
namespace {

constexpr int kSize = 32, kBatch = 4, kBatches = 3;

/// Phantoms, the same every time; the last batch is smaller, as a loader's may be.
std::vector<Batch> phantom_batches() {
  std::vector<Batch> batches;
  std::uint64_t number = 0;
  for (int b = 0; b < kBatches; ++b) {
    std::vector<Sample> samples;
    for (int k = 0; k < kBatch - (b == kBatches - 1); ++k) {
      samples.push_back(make_phantom(number % 2 == 0 ? PhantomKind::benign : PhantomKind::malignant,
                                     kSize, number));
      ++number;
    }
    std::vector<std::size_t> items(samples.size());
    batches.push_back(make_batch(samples, std::move(items), 2));
  }
  return batches;
}

/// A network, its losses and its optimiser, trained by a Stepper.
struct Training {
  explicit Training(const Compute& compute, double dropout = 0.0)
      : network(spec_with(dropout), compute),
        loss(losses(), make_loss<float>("cb_dice"), fusion()),
        optimizer(make_adam(network.named_parameters(), {})),
        stepper(network, loss, *optimizer, 1.0) {}

  static UNetSpec spec_with(double dropout) {
    UNetSpec spec;
    spec.depth = 2;
    spec.base_width = 8;
    spec.dropout = dropout;
    return spec;
  }
  static std::vector<std::unique_ptr<Loss<float>>> losses() {
    std::vector<std::unique_ptr<Loss<float>>> all;
    for (const char* name : {"cce", "mean_iou", "mean_dice"}) {
      all.push_back(make_loss<float>(name));
    }
    return all;
  }
  static FusionSpec fusion() {
    FusionSpec spec;
    spec.weighting = "variance";
    spec.history_size = 6;
    return spec;
  }

  /// return  the objective of every step
  std::vector<double> run(int steps) {
    const std::vector<Batch> batches = phantom_batches();
    std::vector<double> totals;
    for (int i = 0; i < steps; ++i) {
      stepper.send(batches[static_cast<std::size_t>(i) % batches.size()]);
      stepper.update(loss.weigh(stepper.values(), true).factors, 5e-3);
      const Stepper::Outcome outcome = stepper.finish();
      CHECK(outcome.updated);
      totals.push_back(outcome.total);
    }
    return totals;
  }

  UNet<float> network;
  FusedLoss<float> loss;
  std::unique_ptr<Optimizer<float>> optimizer;
  Stepper stepper;
};

double mean_of_last(const std::vector<double>& totals, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = totals.size() - count; i < totals.size(); ++i) sum += totals[i];
  return sum / static_cast<double>(count);
}

void check_same_bits(const Module<float>& a, const Module<float>& b) {
  const auto other = b.named_tensors();
  for (const auto& [name, tensor] : a.named_tensors()) {
    CAPTURE(name);
    CHECK(largest_difference(tensor, other.at(name)) == 0.0);
  }
}

}  // namespace

TEST_CASE("cuda: a training follows the CPU's, in every precision") {
  constexpr int kSteps = 60;
  Training on_cpu(Device::cpu());
  const std::vector<double> expected = on_cpu.run(kSteps);
  CHECK(mean_of_last(expected, 6) < 0.7 * expected.front());
  for (const auto& [name, precision, help] : kMatmulPrecisions) {
    CAPTURE(name);
    Training on_cuda({Device::cuda(), precision});
    const std::vector<double> totals = on_cuda.run(kSteps);
    const double early = precision == MatmulPrecision::fp32   ? 1e-4
                         : precision == MatmulPrecision::tf32 ? 5e-3
                                                              : 3e-2;
    for (std::size_t i = 0; i < 4; ++i)
      CHECK(totals[i] == doctest::Approx(expected[i]).epsilon(early));
    MESSAGE(std::string(name), ": ", mean_of_last(totals, 6), " where the CPU has ",
            mean_of_last(expected, 6));
    CHECK(mean_of_last(totals, 6) < 0.7 * totals.front());
    CHECK(mean_of_last(totals, 6) == doctest::Approx(mean_of_last(expected, 6)).epsilon(0.2));
  }
}

TEST_CASE("cuda: a training ends with the same bits each time, recorded or not") {
  constexpr int kSteps = 8;
  Training first(Device::cuda()), second(Device::cuda());
  CHECK(first.run(kSteps) == second.run(kSteps));
  check_same_bits(first.network, second.network);
  // The same by hand, op by op, nothing recorded.
  Training by_hand(Device::cuda());
  const std::vector<Batch> batches = phantom_batches();
  for (int i = 0; i < kSteps; ++i) {
    const Batch& batch = batches[static_cast<std::size_t>(i) % batches.size()];
    by_hand.optimizer->zero_grad();
    const Variable<float> logits =
        by_hand.network.forward(Variable<float>(batch.images.to(Device::cuda())));
    by_hand.loss.step(logits, batch.labels.to(Device::cuda())).total.backward();
    CHECK(by_hand.optimizer->step(5e-3, 1.0));
  }
  check_same_bits(first.network, by_hand.network);
}

TEST_CASE("cuda: memory is forecast in the precision that will compute") {
  TrainOptions options;
  options.data.masks.classes = 2;
  options.data.preprocess.size = 64;
  options.batch = 4;
  options.network_settings.set("base-width", std::int64_t{8});
  options.network_settings.set("depth", std::int64_t{2});
  options.where.device = "cuda";
  const double in_full = forecast_memory(options).per_image;
  options.where.precision = "bf16";
  CHECK(forecast_memory(options).per_image < 0.8 * in_full);
}

TEST_CASE("cuda: as many images of another size are another recorded step") {
  std::vector<std::vector<double>> totals;
  for (const Compute& compute :
       {Compute(Device::cpu()), Compute(Device::cuda(), MatmulPrecision::fp32)}) {
    Training training(compute);
    totals.emplace_back();
    for (const Index size : {16, 8, 16}) {
      Rng rng(static_cast<std::uint64_t>(size));
      const Shape pixels{2, size, size};
      const Batch batch{random_tensor<float>(Shape{2, size, size, 1}, rng),
                        Labels(random_labels(pixels, 2, rng), 2),
                        {0, 1}};
      training.stepper.send(batch);
      training.stepper.update(training.loss.weigh(training.stepper.values(), true).factors, 5e-3);
      totals.back().push_back(training.stepper.finish().total);
    }
  }
  for (std::size_t i = 0; i < totals[0].size(); ++i) {
    CHECK(totals[1][i] == doctest::Approx(totals[0][i]).epsilon(1e-4));
  }
}

TEST_CASE("cuda: dropout, which is not recorded, draws what the CPU draws") {
  Training on_cpu(Device::cpu(), 0.3), on_cuda({Device::cuda(), MatmulPrecision::fp32}, 0.3);
  const std::vector<double> expected = on_cpu.run(4), totals = on_cuda.run(4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(totals[i] == doctest::Approx(expected[i]).epsilon(1e-4));
}

TEST_CASE("cuda: a gradient that is not finite leaves the network as it was, recorded or not") {
  for (const double dropout : {0.0, 0.3}) {
    Training training(Device::cuda(), dropout);
    training.run(4);
    std::map<std::string, Tensor<float>> before;
    for (const auto& p : training.network.named_parameters()) {
      before.emplace(p.name, p.variable.value().clone());
    }
    const auto steps = training.optimizer->steps();
    training.stepper.send(phantom_batches().front());
    training.stepper.values();
    const double infinity = std::numeric_limits<double>::infinity();
    training.stepper.update({infinity, 1.0, 1.0, 1.0}, 5e-3);
    CHECK(!training.stepper.finish().updated);
    CHECK(training.optimizer->steps() == steps);
    for (const auto& p : training.network.named_parameters()) {
      CHECK(largest_difference(p.variable.value(), before.at(p.name)) == 0.0);
    }
    training.run(2);  // and goes on
  }
}

TEST_CASE("cuda: a label outside the classes is refused before it reaches the device") {
  Training training(Device::cuda());
  Batch batch = phantom_batches().front();
  batch.labels = batch.labels.clone();
  batch.labels.data()[5] = 2;
  CHECK_THROWS_WITH_AS(training.stepper.send(batch),
                       doctest::Contains("[labels] label 2 at pixel 5: expected 0 to 1"),
                       ValueError);
  training.run(1);
}

#ifdef DMF_CUDA_EMULATED

TEST_CASE("emulator: train on a device that fails ends in one line, its checkpoint whole") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / fmt::format("dmf_cuda_{}", ::getpid());
  fs::remove_all(folder);
  const std::string programs = DMF_PROGRAMS;
  const auto shell = [](const std::string& command) { return std::system(command.c_str()); };
  REQUIRE(
      shell(fmt::format("{}/phantom --out {}/data --benign 6 --malignant 6 --size 32 >/dev/null",
                        programs, folder.string())) == 0);
  const std::string train = fmt::format(
      "{}/train --recipe paper --data {}/data --image 32 --depth 2 --base-width 4 --epochs 2 "
      "--batch 4 "
      "--device cuda --checkpoint-every 1",
      programs, folder.string());
  const auto read = [](const fs::path& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string whole = (folder / "whole").string(), broken = (folder / "broken").string();
  REQUIRE(shell(fmt::format("{} --out {} >/dev/null", train, whole)) == 0);
  // Somewhere in the middle of the run: after its first checkpoint, before its end.
  int calls = 0;
  for (calls = 2000; calls > 100; calls = calls * 3 / 4) {
    fs::remove_all(broken);
    const int status =
        shell(fmt::format("DMF_EMULATOR_FAIL_AFTER={} {} --out {} >/dev/null 2>{}/error", calls,
                          train, broken, folder.string()));
    const std::string error = read(folder / "error");
    if (status == 0) continue;
    CHECK(std::count(error.begin(), error.end(), '\n') == 1);
    CHECK(doctest::String(error.c_str()) == doctest::Contains("train: [cuda] cudaErrorEmulated"));
    if (fs::exists(fs::path(broken) / "checkpoint.safetensors")) break;
  }
  REQUIRE(fs::exists(fs::path(broken) / "checkpoint.safetensors"));
  REQUIRE(shell(fmt::format("{}/train --resume {} >/dev/null", programs, broken)) == 0);
  CHECK(read(fs::path(broken) / "last.safetensors") == read(fs::path(whole) / "last.safetensors"));
  CHECK(read(fs::path(broken) / "steps.csv") == read(fs::path(whole) / "steps.csv"));
  fs::remove_all(folder);
}

TEST_CASE(
    "emulator: train on a device with too little memory says what a step needs and what fits") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / fmt::format("dmf_cuda_memory_{}", ::getpid());
  const std::string programs = DMF_PROGRAMS;
  REQUIRE(std::system(fmt::format("{}/phantom --out {}/data --benign 20 --malignant 20 --size 32 "
                                  ">/dev/null",
                                  programs, folder.string())
                          .c_str()) == 0);
  const std::string train = fmt::format(
      "DMF_EMULATOR_MEMORY=3000000 {0}/train --recipe paper --data {1}/data --out {1}/run --image "
      "32 "
      "--depth 2 --base-width 4 --epochs 1 --batch 28 --device cuda >/dev/null 2>{1}/error",
      programs, folder.string());
  CHECK(std::system(train.c_str()) != 0);
  std::ifstream file(folder / "error");
  const std::string error(std::istreambuf_iterator<char>(file), {});
  CHECK(std::count(error.begin(), error.end(), '\n') == 1);
  CHECK(doctest::String(error.c_str()) == doctest::Contains("train: [memory] out of memory "));
  CHECK(doctest::String(error.c_str()) == doctest::Contains(": a step of 28 images needs"));
  CHECK(doctest::String(error.c_str()) == doctest::Contains("would fit"));
  fs::remove_all(folder);
}

#endif

}  // namespace dmf
