#pragma once

#include <memory>
#include <numeric>
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
    return 1.0 - sum(formula_(inputs.counts) * Variable<S>(shares(inputs.pixels)));
  }

 private:
  /// What each class of each group counts in the mean, [G, C].
  Tensor<S> shares(const Tensor<double>& pixels) const {
    const std::vector<double> weights = weights_.of_counts(pixels.size(1));
    if constexpr (requires { formula_.balance; }) {
      return class_shares<S>(formula_.balance, pixels, weights);
    } else {
      const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
      std::vector<S> all;
      for (Index g = 0; g < pixels.size(0); ++g) {
        for (const double w : weights) {
          all.push_back(static_cast<S>(w / total / static_cast<double>(pixels.size(0))));
        }
      }
      return Tensor<S>::from(all, pixels.shape(), pixels.device());
    }
  }

  std::string name_;
  Formula formula_;
  ClassWeights weights_;
};

}  // namespace dmf
