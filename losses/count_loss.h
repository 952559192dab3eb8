#pragma once

#include <memory>
#include <string>
#include <utility>

#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "losses/class_weights.h"
#include "losses/loss.h"

namespace dmf {

/// A loss on the counts of each class: 1 - the mean over groups and classes of a score,
///
///   template <class T> T operator()(const Counts<T>& n) const;   // of one class of one group
///
/// The classes are weighed alike, or as the formula's `balance` says where it has one.
template <class Formula, class S>
class CountLoss final : public Loss<S> {
 public:
  CountLoss(std::string name, Formula formula, ClassWeights weights)
      : name_(std::move(name)), formula_(std::move(formula)), weights_(std::move(weights)) {}

  const std::string& name() const override { return name_; }

  LossNeeds needs(Index classes) const override {
    weights_.of_counts(classes);  // throws where they do not fit
    return {.counts = true, .terms = {}};
  }

  Variable<S> from(const LossInputs<S>& inputs) const override {
    const Variable<S> scores = formula_(inputs.counts), shares(shares_of(inputs.pixels));
    if (weights_.absent == AbsentClass::penalise_fp) return 1.0 - sum(scores * shares);
    return sum((1.0 - scores) * shares);  // the shares may sum to less than 1
  }

 private:
  /// What each class of each group counts in the mean, [G, C].
  Tensor<S> shares_of(const Tensor<double>& pixels) const {
    ClassSharing sharing = {.absent = weights_.absent};
    if constexpr (requires { formula_.balance; }) sharing.balance = formula_.balance;
    return class_shares<S>(sharing, pixels, weights_.of_counts(pixels.size(1)));
  }

  std::string name_;
  Formula formula_;
  ClassWeights weights_;
};

}  // namespace dmf
