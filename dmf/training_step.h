#pragma once

#include <optional>
#include <vector>

#include "dmf/fused_loss.h"
#include "layers/networks/network.h"

namespace dmf {

/// The one statement of what a training step computes. Whoever makes one (the trainer, the forecast
/// of its memory, the search for what was not finite, the reference cases) does it by
///
///   forward()    images -> logits of the network's heads -> the losses' values
///   weigh()      values -> factors, on the CPU
///   backward()   values and factors -> the objective, equation (1), and its gradients
///
/// and then lets an optimiser update. Where passes through the network are made one shard of the batch
/// at a time, forward() is score() of the logits of all. The first and the last can be recorded for a
/// CUDA device: they read and write what lies in these fields and nothing else.
template <class S>
struct TrainingStep {
  Tensor<S> images;  // [N, H, W, C_in], on the network's device, as all that follows
  PixelLabels<S> labels;
  LossValues<S> values = {};
  std::optional<Gram> gradients = {};  // the losses', where they are not taken at the logits
  Tensor<S> factors = {};  // [K, or K + 1 with an auxiliary loss]: what each of the values counts
  Variable<S> total = {};  // [1]

  void forward(Network<S>& network, const FusedLoss<S>& loss,
               WithGradients wanted = WithGradients::no) {
    score(network.trained_logits(images), loss, wanted);
    if (wanted == WithGradients::yes && loss.gradients_at() != GradientsAt::logits) {
      gradients = products_at(values, parameters_at(network, loss.gradients_at()));
    }
  }

  /// The second half of it: the losses' values of these logits, however they came to be, and their
  /// gradients where they are taken there.
  ///
  /// heads  [N, H, W, C] of each
  void score(const std::vector<Variable<S>>& heads, const FusedLoss<S>& loss,
             WithGradients wanted = WithGradients::no) {
    const bool at_logits = loss.gradients_at() == GradientsAt::logits;
    values = loss.values(heads, labels, at_logits ? wanted : WithGradients::no);
    gradients.reset();
  }

  /// Sets the factors: those that come of it when the memory takes the values in, or without
  /// `training` those in force.
  ///
  /// throws  NumericError naming the loss and the step if a value is not finite
  StepWeights weigh(FusedLoss<S>& loss, bool training = true) {
    StepWeights weights = loss.weigh(values, training, gradients);
    factors = Tensor<S>(values.values.shape(), values.values.device());
    set_factors(weights.factors);
    return weights;
  }

  /// Into the tensor that is there.
  void set_factors(const std::vector<double>& numbers) {
    const std::vector<S> rounded(numbers.begin(), numbers.end());
    factors.copy_from(Tensor<S>::from(rounded, factors.shape()));
  }

  void backward() {
    total = objective(values, factors);
    total.backward();
  }
};

}  // namespace dmf
