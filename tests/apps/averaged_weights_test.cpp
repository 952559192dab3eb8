#include "apps/training/averaged_weights.h"

#include <doctest/doctest.h>

#include "layers/networks/networks.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Approx;

std::unique_ptr<Network<float>> tiny() {
  NetworkSpec spec = network_spec("paper");
  spec.settings.set("depth", std::int64_t{1});
  spec.settings.set("base-width", std::int64_t{2});
  return make_network<float>(spec);
}

void fill(const Network<float>& network, float value) {
  for (const auto& [name, tensor] : network.named_tensors()) tensor.fill(value);
}

/// The number that all tensors hold.
double held(const Network<float>& network) {
  const auto tensors = network.named_tensors();
  const float first = tensors.begin()->second.data()[0];
  for (const auto& [name, tensor] : tensors) {
    for (const float value : tensor.span()) CHECK(value == first);
  }
  return static_cast<double>(first);
}

/// What is validated after each of five epochs of two steps, at whose ends the weights are 1, 10, 100,
/// 1000 and 10000.
std::vector<double> validated(const StepOptions& options) {
  const auto network = tiny();
  fill(*network, 0.0f);
  AveragedWeights averages(*network, options, 5);
  std::vector<double> seen;
  float value = 1.0f;
  for (int epoch = 1; epoch <= 5; ++epoch, value *= 10.0f) {
    for (int step = 0; step < 2; ++step) {
      fill(*network, value);
      averages.after_step();
    }
    averages.after_epoch(epoch);
    averages.swap();
    seen.push_back(held(*network));
    averages.swap();
    CHECK(held(*network) == static_cast<double>(value));
  }
  return seen;
}

}  // namespace

TEST_CASE("averaged weights: none, the moving average, and the mean of the last epochs") {
  CHECK(validated({}) == std::vector<double>{1.0, 10.0, 100.0, 1000.0, 10000.0});
  // SWA of three: nothing before the third epoch, then equal parts; --ema or not.
  for (const double ema : {0.0, 0.9}) {
    const std::vector<double> swa = validated({.ema = ema, .swa = 3});
    CHECK(swa[0] == 1.0);
    CHECK(swa[1] == 10.0);
    CHECK(swa[2] == Approx(100.0));
    CHECK(swa[3] == Approx(550.0));
    CHECK(swa[4] == Approx(3700.0));
  }
  CHECK(validated({.swa = 9}).back() == Approx(2222.2));  // of all, where there are not so many
  // EMA: decays 1/10, 2/11, 3/12, ... of 0, 1, 1, 10, 10.
  const std::vector<double> ema = validated({.ema = 0.999});
  const double first = 1.0 - (1.0 / 10.0) * (2.0 / 11.0);
  CHECK(ema[0] == Approx(first));
  CHECK(ema[1] == Approx(10.0 - (10.0 - first) * (3.0 / 12.0) * (4.0 / 13.0)));
}

}  // namespace dmf
