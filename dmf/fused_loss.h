#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dmf/fusion.h"
#include "dmf/loss_products.h"
#include "losses/evaluate.h"

namespace dmf {

/// What one step's losses came to and what each of them counts.
struct StepWeights {
  std::vector<double> values;     // raw, of the K base losses, then of the auxiliary one if any
  std::vector<double> factors;    // what each is multiplied by: the weights, then gamma
  std::optional<Gram> gradients;  // of all of them, where they were asked for
};

/// sum_k factors[k] * values[k], shape [1].
///
/// factors  as many as values, on their device
template <class S>
Variable<S> objective(const LossValues<S>& values, const Tensor<S>& factors);

/// The fused objective, equation (1): L = sum_k w_k L_k + gamma L_aux. The auxiliary loss is one more
/// value whose factor is gamma. Factors are constants to the gradient: nothing is differentiated
/// through the memory.
template <class S>
class FusedLoss {
 public:
  struct Result : StepWeights {
    Variable<S> total;  // shape [1]
  };

  /// auxiliary  may be null
  /// spec       its `losses` are filled in from the losses' names
  FusedLoss(std::vector<std::unique_ptr<Loss<S>>> losses, std::unique_ptr<Loss<S>> auxiliary,
            FusionSpec spec, Reduction reduction = Reduction::batch,
            GradientsAt gradients_at = GradientsAt::logits);

  /// A training step: the memory takes the values in, then weighs them.
  ///
  /// throws  NumericError naming the loss and the step if a value is not finite; ValueError where
  ///         gradients are not taken at the logits
  Result step(const Variable<S>& logits, const PixelLabels<S>& labels) {
    return combine(logits, labels, true);
  }
  /// The objective with the weights as they stand: changes no memory, weight or counter.
  Result evaluate(const Variable<S>& logits, const PixelLabels<S>& labels) {
    return combine(logits, labels, false);
  }

  // The parts of the two, for a device whose work is recorded: the values and the objective are
  // computed there, the weights here.

  /// Raw values of the K base losses, then of the auxiliary one: of several heads, the mean that
  /// evaluate_losses() forms.
  ///
  /// heads  logits of each
  LossValues<S> values(const std::vector<Variable<S>>& heads, const PixelLabels<S>& labels,
                       WithGradients gradients) const;
  /// gradients  of the same values, where they are not those at the logits
  /// throws     as step()
  StepWeights weigh(const LossValues<S>& values, bool training,
                    std::optional<Gram> gradients = std::nullopt);

  /// The last step's batch once more, after the update, for a rule that asks for it.
  ///
  /// values  as values() has them of the changed network
  /// throws  as Fusion::losses_after()
  void losses_after(const LossValues<S>& values);

  /// Whether a step needs the losses' gradients for its weights.
  WithGradients needs_gradients() const;
  /// Of what they are taken where they are: a step that is not at the logits is TrainingStep's.
  GradientsAt gradients_at() const { return gradients_at_; }
  /// The K base losses', then "auxiliary_NAME": columns of logs.
  std::vector<std::string> names() const;
  Fusion& fusion() { return fusion_; }
  const Fusion& fusion() const { return fusion_; }

 private:
  std::size_t base_losses() const { return losses_.size() - (has_auxiliary_ ? 1 : 0); }
  Result combine(const Variable<S>& logits, const PixelLabels<S>& labels, bool training);

  std::vector<std::unique_ptr<Loss<S>>> losses_;  // the auxiliary one last
  bool has_auxiliary_;
  Reduction reduction_;
  GradientsAt gradients_at_;
  Fusion fusion_;
};

}  // namespace dmf
