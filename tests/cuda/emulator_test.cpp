#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <functional>

#include "engine/core/check.h"
#include "engine/core/compute.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/ops/batch_norm2d.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/pool2d.h"
#include "engine/ops/reduce.h"
#include "engine/ops/softmax.h"
#include "tests/cases/op_case.h"
#include "tests/support/random_tensor.h"

// What the emulator alone can show: that results do not depend on the order in which threads run (a
// barrier that is missing gives others), and what becomes of a device that fails at any call.

namespace dmf {
namespace {

/// A little of everything: convolutions in tiles and parts, pooling, normalisation, sums.
std::vector<Tensor<float>> compute(MatmulPrecision precision = MatmulPrecision::tf32) {
  Rng rng(51);
  const auto on_device = [&rng](const Shape& shape) {
    return Variable<float>(random_tensor<float>(shape, rng).to(Device::cuda()), true);
  };
  const Variable<float> x = on_device({1, 14, 18, 20}), weight = on_device({3, 3, 20, 36});
  const Variable<float> gamma = on_device({36}), beta = on_device({36}), none;
  const Variable<float> up = on_device({2, 2, 4, 36});
  const auto mean = Tensor<float>::zeros(Shape{36}, Device::cuda());
  const auto var = Tensor<float>::full(Shape{36}, 1.0f, Device::cuda());
  BatchNorm2dSpec norm;
  norm.relu = true;
  const Variable<float> y = max_pool2d(batch_norm2d(
      conv2d(x, weight, none, {1, 1, {1, 1, 1, 1}, precision}), gamma, beta, mean, var, norm));
  const Variable<float> z = log_softmax(conv_transpose2d(y, up, none, {2, 2, {}, precision}));
  sum(z * z).backward();
  std::vector<Tensor<float>> results = {z.value(), mean, var};
  for (const auto& v : {x, weight, gamma, beta, up}) results.push_back(v.grad());
  for (Tensor<float>& t : results) t = t.to(Device::cpu());
  return results;
}

}  // namespace

TEST_CASE("emulator: no result depends on the order in which threads and blocks run") {
  for (const auto precision : {MatmulPrecision::fp32, MatmulPrecision::tf32}) {
    const std::vector<Tensor<float>> expected = compute(precision);
    for (const unsigned order : {1U, 2U, 17U}) {
      CAPTURE(order);
      emulator::set_order(order);
      const std::vector<Tensor<float>> results = compute(precision);
      emulator::set_order(0);
      for (std::size_t i = 0; i < results.size(); ++i) {
        CHECK(largest_difference(results[i], expected[i]) == 0.0);
      }
    }
  }
}

TEST_CASE("emulator: every case of every op, threads in another order") {
  for (const OpCase& c : all_op_cases()) {
    CAPTURE(c.str());
    const auto run = [&c] {
      Rng rng(61);
      const std::vector<Variable<double>> inputs = c.inputs_on(Device::cuda(), rng);
      const Variable<double> y = c.forward(inputs);
      y.backward(Tensor<double>::full(y.shape(), 1.0, Device::cuda()));
      std::vector<Tensor<double>> results = {y.value().to(Device::cpu())};
      for (const auto& input : inputs) results.push_back(input.grad().to(Device::cpu()));
      return results;
    };
    const auto expected = run();
    emulator::set_order(3);
    const auto results = run();
    emulator::set_order(0);
    for (std::size_t i = 0; i < results.size(); ++i) {
      CHECK(largest_difference(results[i], expected[i]) == 0.0);
    }
  }
}

TEST_CASE("emulator: a device that fails at any call ends in one error that names the call") {
  const std::vector<Tensor<float>> expected = compute();
  int failed = 0;
  for (int calls = 1;; ++calls) {
    emulator::fail_after(calls);
    bool completed = false;
    try {
      compute();
      completed = true;
    } catch (const DeviceError& error) {
      ++failed;
      CHECK(doctest::String(error.what()) == doctest::Contains("[cuda] cudaErrorEmulated"));
      CHECK(doctest::String(error.what()) == doctest::Contains("engine/"));
      if (calls > 20) CHECK(doctest::String(error.what()) == doctest::Contains("last kernel"));
    }
    emulator::fail_after(-1);
    if (completed) break;
  }
  CHECK(failed > 30);
  const std::vector<Tensor<float>> again = compute();
  for (std::size_t i = 0; i < again.size(); ++i) {
    CHECK(largest_difference(again[i], expected[i]) == 0.0);
  }
}

}  // namespace dmf
