#include <doctest/doctest.h>

#include <cmath>

#include "engine/core/check.h"
#include "engine/ops/batch_norm2d.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/tensor/allocator.h"
#include "tests/support/random_tensor.h"

namespace dmf {

using doctest::Contains;
using V = Variable<double>;

TEST_CASE("autograd: gradients add up over paths and over calls") {
  const V x(Tensor<double>::full(Shape{2}, 3.0), true);
  sum(x * x + x).backward();
  CHECK(x.grad().data()[0] == 7.0);
  sum(x * x + x).backward();
  CHECK(x.grad().data()[1] == 14.0);
  x.zero_grad();
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("autograd: DetectAnomaly names the first result or gradient that is not finite") {
  const V one(Tensor<double>::full(Shape{1}, 1.0));
  const V zero(Tensor<double>::full(Shape{1}, 0.0), true);
  const V tiny(Tensor<double>::full(Shape{1}, 1e-200), true);
  CHECK_NOTHROW((one / zero).backward());
  const DetectAnomaly detect;
  CHECK_THROWS_WITH_AS(one / zero, "the result of divide, [1], is not finite", NumericError);
  const V y = (one / tiny) * one;  // 1e200, of slope -1e400
  CHECK_THROWS_WITH_AS(y.backward(), "the gradient of divide for its input 2, [1], is not finite",
                       NumericError);
  { const DetectAnomaly inner; }
  CHECK(DetectAnomaly::enabled());
}

TEST_CASE("autograd: a second backward is refused unless the graph was kept") {
  const V x(Tensor<double>::full(Shape{1}, 2.0), true);
  const V y = x * x;
  y.backward(RetainGraph::yes);
  y.backward();
  CHECK(x.grad().item() == 8.0);
  CHECK_THROWS_WITH_AS(y.backward(), Contains("graph already released"), GraphError);
  // The same through a part of a graph that another result has released.
  const V shared = x * x;
  sum(shared).backward();
  CHECK_THROWS_WITH_AS(sum(shared).backward(), Contains("RetainGraph::yes"), GraphError);
}

TEST_CASE("autograd: only scalars have a backward without a gradient") {
  const V x(Tensor<double>::full(Shape{2}, 2.0), true);
  CHECK_THROWS_WITH_AS((x + x).backward(), Contains("expected a scalar"), ShapeError);
  CHECK_THROWS_WITH_AS((x + x).backward(Tensor<double>::zeros(Shape{3})), Contains("[3]"),
                       ShapeError);
  const V constant(Tensor<double>::full(Shape{1}, 2.0));
  CHECK_THROWS_WITH_AS(constant.backward(), Contains("nothing here requires a gradient"),
                       GraphError);
}

TEST_CASE("autograd: NoGrad records nothing, and ends with its scope") {
  const V x(Tensor<double>::full(Shape{1}, 2.0), true);
  {
    const NoGrad no_grad;
    CHECK_FALSE((x * x).requires_grad());
  }
  CHECK((x * x).requires_grad());
  CHECK_FALSE(x.detach().requires_grad());
}

TEST_CASE("autograd: a normalised activation is made again for the gradient, not kept") {
  Rng rng(5);
  const Shape shape{2, 16, 16, 32}, channels{32};
  const V x(random_tensor<double>(shape, rng), true);
  const V weight(random_tensor<double>(Shape{1, 1, 32, 1}, rng), true);
  const V gamma(Tensor<double>::full(channels, 1.5)), beta(Tensor<double>::full(channels, 0.1));
  const auto mean = Tensor<double>::zeros(channels), var = Tensor<double>::full(channels, 1.0);
  const BatchNorm2dSpec spec{.relu = true};
  const auto in_use = [] { return memory_stats(Device::cpu()).in_use; };
  V activation = batch_norm2d(x, gamma, beta, mean, var, spec);
  const V twin(activation.value().clone(), true);  // a leaf: nothing can make it again
  const V y = conv2d(activation, weight, {}), y_twin = conv2d(twin, weight, {});
  const std::size_t held = in_use();
  activation = V();
  CHECK(held - in_use() >= static_cast<std::size_t>(shape.numel()) * sizeof(double));

  const Tensor<double> dy = random_tensor<double>(y.shape(), rng);
  y_twin.backward(dy);
  const Tensor<double> expected = weight.grad().clone();
  weight.zero_grad();
  y.backward(dy);
  CHECK(largest_difference(weight.grad(), expected) == 0.0);
  CHECK(x.grad().defined());
}

TEST_CASE("autograd: a deep graph is walked and freed without overflowing the stack") {
  const V x(Tensor<double>::full(Shape{1}, 1.0), true);
  V y = x;
  for (int i = 0; i < 200000; ++i) y = y + 1e-6;
  y.backward();
  CHECK(x.grad().item() == 1.0);
}

TEST_CASE("autograd: a diamond whose branches share a gradient tensor adds without aliasing") {
  const V x(Tensor<double>::full(Shape{1}, 3.0), true);
  const V y = x + x;       // both inputs receive the same dy
  (y + y * y).backward();  // d/dx (2x + 4x^2) = 2 + 8x
  CHECK(x.grad().item() == 26.0);
}

TEST_CASE("autograd: errors of elementwise and reduction ops name the shapes") {
  const V a(Tensor<double>::zeros(Shape{2, 3})), b(Tensor<double>::zeros(Shape{3, 2}));
  CHECK_THROWS_WITH_AS(a + b, Contains("[add] shapes differ: [2, 3] and [3, 2]"), ShapeError);
  CHECK_THROWS_WITH_AS(broadcast(a, Shape{2}), Contains("[broadcast] [2, 3]: expected one element"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(section(a, 4, Shape{3}), Contains("[section] [3] from element 4"),
                       ShapeError);
}

}  // namespace dmf
