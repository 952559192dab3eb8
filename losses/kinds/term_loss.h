#pragma once

#include <string>
#include <utility>

#include "engine/ops/reduce.h"
#include "losses/kinds/class_weights.h"
#include "losses/loss.h"

namespace dmf {

/// A loss on each pixel's own class: the mean over groups of one focal cross-entropy,
///
///   NllTerm term(const std::vector<double>& class_weights) const;
template <class Formula, class S>
class TermLoss final : public Loss<S> {
 public:
  TermLoss(std::string name, Formula formula, ClassWeights weights)
      : name_(std::move(name)), formula_(std::move(formula)), weights_(std::move(weights)) {}

  const std::string& name() const override { return name_; }

  LossNeeds needs(Index classes) const override {
    return {.counts = false, .terms = {formula_.term(weights_.of_pixels(classes))}};
  }

  Variable<S> from(const LossInputs<S>& inputs) const override { return mean(inputs.terms[0]); }

 private:
  std::string name_;
  Formula formula_;
  ClassWeights weights_;
};

}  // namespace dmf
