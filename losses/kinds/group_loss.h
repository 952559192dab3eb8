#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "losses/kinds/class_weights.h"
#include "losses/loss.h"

namespace dmf {

/// The sums of one group of pixels.
template <class S>
struct GroupSums {
  Counts<Variable<S>> counts;      // each [C]; undefined where they were not asked for
  std::vector<Variable<S>> terms;  // each [1], in the order of the needs
  Tensor<double> pixels;           // [1, C] that carry each label

  Index classes() const { return pixels.size(1); }
  /// A constant, [C].
  Variable<S> row(const std::vector<double>& values) const {
    return Variable<S>(Tensor<S>::from(std::vector<S>(values.begin(), values.end()),
                                       Shape{classes()}, pixels.device()));
  }
  /// N_c, how many pixels carry each label, [C]: TP_c + FN_c whatever the logits, so no gradient.
  Variable<S> of_label() const { return (counts.tp + counts.fn).detach(); }
  /// How many carry another one, [C]: FP_c + TN_c.
  Variable<S> of_others() const {
    return broadcast(sum(of_label()), Shape{classes()}) - of_label();
  }
};

/// A loss that is the mean over groups of a formula of a group's sums, all classes at once:
///
///   static constexpr bool kOnCounts;   // of classes, so that the background can be left out
///   LossNeeds needs(const ClassWeights& weights, Index classes) const;
///   template <class S> Variable<S> of_group(const GroupSums<S>& n, const ClassWeights& weights) const;
///
/// whose result has shape [1].
template <class Formula, class S>
class GroupLoss final : public Loss<S> {
 public:
  GroupLoss(std::string name, Formula formula, ClassWeights weights)
      : name_(std::move(name)), formula_(std::move(formula)), weights_(std::move(weights)) {}

  const std::string& name() const override { return name_; }

  LossNeeds needs(Index classes) const override { return formula_.needs(weights_, classes); }

  Variable<S> from(const LossInputs<S>& inputs) const override {
    const Index G = inputs.pixels.size(0), C = inputs.pixels.size(1);
    std::vector<Variable<S>> values;
    for (Index g = 0; g < G; ++g) {
      GroupSums<S> group;
      group.pixels = inputs.pixels.section(g * C, Shape{1, C});
      if (inputs.counts.tp.defined()) {
        const auto of_group = [&](const Variable<S>& all) { return section(all, g * C, Shape{C}); };
        group.counts = {of_group(inputs.counts.tp), of_group(inputs.counts.fp),
                        of_group(inputs.counts.fn)};
      }
      for (const Variable<S>& term : inputs.terms) {
        group.terms.push_back(section(term, g, Shape{1}));
      }
      values.push_back(formula_.of_group(group, weights_));
    }
    return mean(concat(values));
  }

 private:
  std::string name_;
  Formula formula_;
  ClassWeights weights_;
};

/// Needs of a formula of counts alone.
inline LossNeeds counts_of(const ClassWeights& weights, Index classes) {
  weights.of_counts(classes);  // throws where they do not fit
  return {.counts = true, .terms = {}};
}

}  // namespace dmf
