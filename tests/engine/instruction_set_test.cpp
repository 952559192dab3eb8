#include "engine/core/instruction_set.h"

#include <doctest/doctest.h>

#include <vector>

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Contains;

/// A 3x3 convolution large enough for Winograd's form, by the kernels in use.
Tensor<float> convolved() {
  Rng rng(5);
  const auto x = random_tensor<float>(Shape{1, 24, 24, 16}, rng);
  const auto weight = random_tensor<float>(Shape{3, 3, 16, 16}, rng);
  const auto y = unwritten<float>(x.shape());
  Workspace workspace(Device::cpu());
  kernels<Conv2dKernels<float>>(Device::cpu())
      .forward({1, 1, {1, 1, 1, 1}}, x.cview(), weight.cview(), {}, y.view(), workspace);
  return y;
}

}  // namespace

TEST_CASE(
    "instruction sets: the fastest usable one is in use; every one computes the same but for rounding") {
  const auto usable = usable_instruction_sets();
  REQUIRE(!usable.empty());
  const InstructionSetFacts before = instruction_set();
  for (std::size_t i = 1; i < usable.size(); ++i) {
    CHECK(usable[i].vector_bits > usable[i - 1].vector_bits);
  }
  std::vector<Tensor<float>> results;
  for (const InstructionSetFacts& each : usable) {
    CAPTURE(each.name);
    use_instruction_set(each.value);
    CHECK(instruction_set().name == each.name);
    results.push_back(convolved());
    CHECK(largest_difference(results.back(), convolved()) == 0.0);
    CHECK(largest_difference(results.back(), results.front()) <
          2e-5 * largest_magnitude(results.front()));
  }
  use_instruction_set(before.value);
}

TEST_CASE("instruction sets: one that is not built in is refused, with those that are") {
  const bool portable = usable_instruction_sets().front().value != InstructionSet::native;
  const InstructionSet absent = portable ? InstructionSet::native : InstructionSet::v3;
  const std::string first(usable_instruction_sets().front().name);
  CHECK_THROWS_WITH_AS(use_instruction_set(absent), Contains(first.c_str()), ValueError);
}

}  // namespace dmf
