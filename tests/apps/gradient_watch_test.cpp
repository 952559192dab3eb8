#include <doctest/doctest.h>

#include "apps/training/gradient_watch.h"

namespace dmf {
namespace {

/// Of two losses' gradients by their products.
StepWeights step_of(double aa, double ab, double bb, std::vector<double> factors) {
  Gram gram(2);
  gram(0, 0) = aa;
  gram(0, 1) = gram(1, 0) = ab;
  gram(1, 1) = bb;
  StepWeights step;
  step.factors = std::move(factors);
  step.gradients = gram;
  return step;
}

}  // namespace

TEST_CASE("gradient watch: a loss without a gradient in an epoch is named; one in it is enough") {
  GradientWatch watch({"cce", "auxiliary_focal"});
  watch.take_in(step_of(1.0, 0.0, 0.0, {1.0, 1.0}));
  CHECK(!watch.all_had_one());
  CHECK(watch.warnings() ==
        std::vector<std::string>{
            "warning: auxiliary_focal has had no gradient for an epoch: it teaches nothing"});
  watch.take_in(step_of(1.0, 0.0, 0.1, {1.0, 1.0}));
  CHECK(watch.all_had_one());
  CHECK(watch.warnings().empty());
  watch.start_epoch();
  CHECK(!watch.all_had_one());
}

TEST_CASE("gradient watch: a loss that pulls against the sum in most steps is named") {
  GradientWatch watch({"a", "b"});
  // b's gradient is (-1, 0), a's (3, 0): the sum 3w - v goes against b while 3w > v.
  const StepWeights against = step_of(9.0, -3.0, 1.0, {0.5, 0.5}),
                    along = step_of(9.0, 3.0, 1.0, {0.5, 0.5});
  watch.take_in(against);
  CHECK(watch.warnings().empty());  // one step says nothing
  watch.take_in(against);
  watch.take_in(along);
  CHECK(watch.warnings() ==
        std::vector<std::string>{"warning: b pulled against the sum of all losses in 2 of the 3 "
                                 "steps of an epoch in which gradients were compared"});
  watch.take_in(along);
  CHECK(watch.warnings().empty());  // no more than half
  watch.start_epoch();
  for (int k = 0; k < 4; ++k) watch.take_in(step_of(9.0, -3.0, 1.0, {0.5, 0.0}));
  CHECK(watch.warnings().empty());  // without a weight it pulls nothing
  StepWeights none;
  watch.start_epoch();
  watch.take_in(none);
  CHECK(watch.warnings().size() == 2);  // no gradient was seen of either
}

}  // namespace dmf
