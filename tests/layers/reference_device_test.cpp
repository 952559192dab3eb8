#include <doctest/doctest.h>

#include "engine/kernels/backends.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/softmax.h"
#include "engine/optim/optimizer.h"
#include "layers/networks/unet.h"
#include "tests/support/random_tensor.h"

// A network computed by the plain kernels, Device::reference(), against the fast ones.

namespace dmf {
namespace {

/// Parameters and statistics of a small U-Net after a few steps, by name, and the logits of its
/// last: each step pulls the log-probabilities along a fixed direction.
template <class S>
std::map<std::string, Tensor<S>> trained_on(Device device) {
  UNetSpec spec;
  spec.depth = 2;
  spec.base_width = 8;
  spec.dropout = 0.2;
  UNet<S> network(spec, device);
  // Not Adam: a gradient that is zero but for rounding would move a parameter by a whole step.
  const auto optimizer = make_sgd(network.named_parameters(), {0.9, 1e-3, true});
  Rng rng(3);
  const Variable<S> x(random_tensor<S>(Shape{2, 26, 30, 1}, rng).to(device));
  const Variable<S> pull(random_tensor<S>(Shape{2, 26, 30, 2}, rng).to(device));
  std::map<std::string, Tensor<S>> result;
  for (int step = 0; step < 3; ++step) {
    optimizer->zero_grad();
    const Variable<S> logits = network.forward(x);
    REQUIRE(logits.device() == device);
    sum(log_softmax(logits) * pull).backward();
    REQUIRE(optimizer->step(1e-3, 1.0));
    result["logits"] = logits.value();
  }
  for (const auto& p : network.named_parameters()) result[p.name] = p.variable.value();
  for (const auto& b : network.named_buffers()) result[b.name] = b.tensor;
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("reference: training steps of a U-Net agree with the fast kernels'", S, float,
                   double) {
  const auto fast = trained_on<S>(Device::cpu()), plain = trained_on<S>(Device::reference());
  const double tolerance = std::is_same_v<S, float> ? 2e-4 : 1e-10;
  for (const auto& [name, tensor] : fast) {
    CHECK(plain.at(name).device() == Device::reference());
    CHECK_MESSAGE(
        largest_difference(plain.at(name), tensor) < tolerance * (1.0 + largest_magnitude(tensor)),
        name);
  }
}

TEST_CASE("reference: its tensors are computed with by the plain kernels") {
  using Kernels = Conv2dKernels<float>;
  CHECK(&kernels<Kernels>(Device::reference()) == &Kernels::reference());
  CHECK(&kernels<Kernels>(Device::cpu()) != &Kernels::reference());
}

}  // namespace dmf
