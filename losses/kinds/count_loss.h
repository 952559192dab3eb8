#pragma once

#include <string>
#include <utility>

#include "losses/kinds/class_mean.h"
#include "losses/kinds/class_weights.h"
#include "losses/loss.h"

namespace dmf {

/// A loss on the counts of each class: 1 - the mean over groups and classes of a score,
///
///   template <class T> T operator()(const Counts<T>& n) const;   // of one class of one group
///
/// where T is a variable, and a number where the formula needs no more than + - * /.
/// The classes are weighed alike, or as the formula's `balance` says where it has one. By micro average
/// the score is of the counts of all classes added up, each times its weight.
template <class Formula, class S>
class CountLoss final : public Loss<S> {
 public:
  CountLoss(std::string name, Formula formula, ClassWeights weights)
      : name_(std::move(name)), formula_(std::move(formula)), weights_(std::move(weights)) {}

  const std::string& name() const override { return name_; }

  LossNeeds needs(Index classes) const override {
    weights_.of_counts(classes);  // throws where they do not fit
    require_classes(weights_, kBalances, name_);
    return {.counts = true, .terms = {}};
  }

  Variable<S> from(const LossInputs<S>& inputs) const override {
    if (weights_.average == ClassAverage::micro) {
      return 1.0 - mean(formula_(pooled_classes(inputs, weights_)));
    }
    const Variable<S> scores = formula_(inputs.counts);
    if (weights_.absent == AbsentClass::penalise_fp) return 1.0 - mean_of(scores, inputs);
    return mean_of(1.0 - scores, inputs);
  }

 private:
  static constexpr bool kBalances = requires(const Formula& f) { f.balance; };

  Variable<S> mean_of(const Variable<S>& x, const LossInputs<S>& inputs) const {
    ClassBalance balance = ClassBalance::none;
    if constexpr (kBalances) balance = formula_.balance;
    return class_mean(x, inputs.pixels, weights_, balance);
  }

  std::string name_;
  Formula formula_;
  ClassWeights weights_;
};

}  // namespace dmf
