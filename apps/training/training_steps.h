#pragma once

#include <optional>
#include <vector>

#include "apps/data/loader.h"
#include "dmf/fused_loss.h"

namespace dmf {

/// Makes the training steps of a network, in three parts:
///
///   values()     forward pass and losses
///   update()     the objective, its gradient, the optimiser; may return while a device still works
///   finish()     waits for it
///
/// Between the first two the caller turns the values of the losses into weights, on the CPU.
class TrainingSteps {
 public:
  virtual ~TrainingSteps() = default;
  TrainingSteps() = default;
  TrainingSteps(const TrainingSteps&) = delete;
  TrainingSteps& operator=(const TrainingSteps&) = delete;

  /// Sends the batch of the next call of values() on its way; at most one ahead.
  virtual void send(const Batch& batch) = 0;

  /// Of the batch that was sent, or once more of the one before.
  ///
  /// return  of the K base losses, then of the auxiliary one
  virtual const LossValues<float>& values(WithGradients gradients = WithGradients::no) = 0;

  /// The losses' gradients of the last call of values(), where they are not at the logits and were
  /// asked for.
  virtual const std::optional<Gram>& gradients() const = 0;

  /// factors  what each of the values counts
  virtual void update(const std::vector<double>& factors, double lr) = 0;

  struct Outcome {
    double total;  // the objective
    bool updated;  // false when a gradient was not finite: then nothing has changed
  };
  virtual Outcome finish() = 0;
};

}  // namespace dmf
