#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "losses/formula/loss_expression.h"
#include "losses/kinds/class_weights.h"

namespace dmf {

/// A loss that is written as a formula. Its gradient is the engine's: a formula is a handful of ops on
/// what the built-in losses see, with whom it shares them and their kernels, and so their bits and
/// devices; dual numbers would be a second way of taking gradients, forwards, once a sum and class.
template <class S>
class ExpressionLoss final : public Loss<S> {
 public:
  /// settings  of all losses, which its own, given in parentheses, go before
  ExpressionLoss(LossExpression expression, const Settings& settings);

  const std::string& name() const override { return expression_.name; }
  LossNeeds needs(Index classes) const override;
  Variable<S> from(const LossInputs<S>& inputs) const override;

 private:
  /// A part's value: a number that is known, or a variable of shape [1] or [G, C].
  struct Value;
  class Evaluation;

  void make_losses(const LossPart& part, const Settings& settings);

  LossExpression expression_;
  ClassWeights weights_;
  std::vector<std::unique_ptr<Loss<S>>> losses_;  // as LossExpression::uses
};

}  // namespace dmf
