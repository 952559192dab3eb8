#include <doctest/doctest.h>

#include <cmath>

#include "engine/core/check.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"

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
  CHECK_THROWS_WITH_AS(select(a, 2), Contains("[select] index 2"), ShapeError);
}

}  // namespace dmf
