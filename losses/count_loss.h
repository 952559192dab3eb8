#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "losses/class_weights.h"
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
    DMF_CHECK(!kBalances || !is_micro(), ValueError,
              "[{}] weighs the classes by how rare they are: with --class-average micro there are "
              "none to weigh.",
              name_);
    return {.counts = true, .terms = {}};
  }

  Variable<S> from(const LossInputs<S>& inputs) const override {
    if (is_micro()) return 1.0 - mean(formula_(pooled(inputs)));
    const Variable<S> scores = formula_(inputs.counts), shares(shares_of(inputs.pixels));
    if (weights_.absent == AbsentClass::penalise_fp) return 1.0 - sum(scores * shares);
    return sum((1.0 - scores) * shares);  // the shares may sum to less than 1
  }

 private:
  static constexpr bool kBalances = requires(const Formula& f) { f.balance; };

  bool is_micro() const { return weights_.average == ClassAverage::micro; }

  /// Of all classes together, each [G].
  Counts<Variable<S>> pooled(const LossInputs<S>& inputs) const {
    const Index groups = inputs.pixels.size(0), classes = inputs.pixels.size(1);
    const std::vector<double> weights = weights_.of_counts(classes);
    const Variable<S> row(Tensor<S>::from(std::vector<S>(weights.begin(), weights.end()),
                                          Shape{classes}, inputs.pixels.device()));
    const auto of_groups = [&](const Variable<S>& all) {
      std::vector<Variable<S>> each;
      for (Index g = 0; g < groups; ++g) {
        each.push_back(sum(section(all, g * classes, Shape{classes}) * row));
      }
      return concat(each);
    };
    return {of_groups(inputs.counts.tp), of_groups(inputs.counts.fp), of_groups(inputs.counts.fn)};
  }

  /// What each class of each group counts in the mean, [G, C].
  Tensor<S> shares_of(const Tensor<double>& pixels) const {
    ClassSharing sharing = {.absent = weights_.absent};
    if constexpr (kBalances) sharing.balance = formula_.balance;
    return class_shares<S>(sharing, pixels, weights_.of_counts(pixels.size(1)));
  }

  std::string name_;
  Formula formula_;
  ClassWeights weights_;
};

}  // namespace dmf
