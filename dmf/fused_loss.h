#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dmf/fusion.h"
#include "losses/loss.h"

namespace dmf {

/// The fused objective, equation (1): L = sum_k w_k L_k + gamma L_aux. Weights and gamma are
/// constants to the gradient: nothing is differentiated through the memory.
template <class S>
class FusedLoss {
 public:
  /// What the memory made of one step's values.
  struct Weighed {
    std::vector<double> losses;  // raw values of the K base losses
    double auxiliary = 0.0;      // raw value, 0 without one
    std::vector<double> weights;
    double gamma = 0.0;

    /// What each of values() is multiplied by.
    std::vector<S> factors(bool with_auxiliary) const;
  };
  struct Result : Weighed {
    Variable<S> total;  // shape [1]
  };

  /// auxiliary  may be null
  /// spec       its `losses` are filled in from the losses' names
  FusedLoss(std::vector<std::unique_ptr<Loss<S>>> losses, std::unique_ptr<Loss<S>> auxiliary,
            FusionSpec spec);

  /// A training step: the memory takes the values in, then weighs them.
  ///
  /// throws  std::domain_error naming the loss and the step if a value is not finite
  Result step(Prediction<S>& prediction) { return combine(prediction, true); }
  /// The objective with the weights as they stand: changes no memory, weight or counter.
  Result evaluate(Prediction<S>& prediction) { return combine(prediction, false); }

  // The parts of the two, for a device whose work is recorded: the values and the objective are
  // computed there, the weights here.

  /// Raw values of the K base losses, then of the auxiliary one where there is one.
  Variable<S> values(Prediction<S>& prediction) const;
  /// throws  as step()
  Weighed weigh(const Tensor<S>& values, bool training);
  bool has_auxiliary() const { return auxiliary_ != nullptr; }

  /// Euclidean norm of each loss's own gradient for the logits, unweighted: the base losses, then
  /// the auxiliary one where there is one. The graph behind the prediction is left alone.
  std::vector<double> gradient_norms(const Prediction<S>& prediction) const;

  std::vector<std::string> loss_names() const;
  std::string auxiliary_name() const;  // "none" without one
  Fusion& fusion() { return fusion_; }

 private:
  Result combine(Prediction<S>& prediction, bool training);

  std::vector<std::unique_ptr<Loss<S>>> losses_;
  std::unique_ptr<Loss<S>> auxiliary_;
  Fusion fusion_;
};

}  // namespace dmf
