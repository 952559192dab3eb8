#pragma once

#include <vector>

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/pixel_sums.h"
#include "engine/ops/reduce.h"
#include "losses/kinds/class_weights.h"
#include "losses/loss.h"

namespace dmf {

/// The mean over groups and classes. Where absent classes are not penalised their values have no part in
/// it, and it is of them that it says so: of losses, not of scores.
///
/// x        [G, C]
/// pixels   [G, C] that carry each label
/// balance  by which the classes of each group are weighed beside their weights
/// return   [1]
template <class S>
Variable<S> class_mean(const Variable<S>& x, const Tensor<double>& pixels,
                       const ClassWeights& weights, ClassBalance balance = ClassBalance::none) {
  return sum(x * Variable<S>(class_shares<S>({balance, weights.absent}, pixels,
                                             weights.of_counts(pixels.size(1)))));
}

/// The counts of all classes added up, each times its weight: [G] each.
template <class S>
Counts<Variable<S>> pooled_classes(const LossInputs<S>& inputs, const ClassWeights& weights) {
  const Index groups = inputs.pixels.size(0), classes = inputs.pixels.size(1);
  const std::vector<double> each = weights.of_counts(classes);
  const Variable<S> row(Tensor<S>::from(std::vector<S>(each.begin(), each.end()), Shape{classes},
                                        inputs.pixels.device()));
  const auto of_groups = [&](const Variable<S>& all) {
    std::vector<Variable<S>> sums;
    for (Index g = 0; g < groups; ++g) {
      sums.push_back(sum(section(all, g * classes, Shape{classes}) * row));
    }
    return concat(sums);
  };
  return {of_groups(inputs.counts.tp), of_groups(inputs.counts.fp), of_groups(inputs.counts.fn)};
}

/// throws  ValueError where the classes are weighed by how rare they are, and there is one of all
inline void require_classes(const ClassWeights& weights, bool balances, const std::string& loss) {
  DMF_CHECK(
      !balances || weights.average == ClassAverage::macro, ValueError,
      "[{}] weighs the classes by how rare they are: with --class-average micro there are none "
      "to weigh.",
      loss);
}

}  // namespace dmf
