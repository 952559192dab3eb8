#pragma once

#include <map>
#include <memory>
#include <optional>

#include "apps/data/loader.h"
#include "dmf/fused_loss.h"
#include "engine/core/device_runtime.h"
#include "engine/optim/optimizer.h"
#include "engine/tensor/recorded_work.h"
#include "layers/networks/network.h"

namespace dmf {

/// Makes the training steps of a network on the device that it lives on, in three parts:
///
///   values()     forward pass and losses
///   update()     the objective, its gradient, the optimiser; returns while a device still works
///   finish()     waits for it
///
/// Between the first two the caller turns the values of the losses into weights, on the CPU.
/// On a CUDA device both parts are recorded once for every size of batch and then done again by the
/// device alone; a network that draws anew each step is not recorded, nor gradients at parameters.
class Stepper {
 public:
  /// max_norm  of all gradients together, see Optimizer::step
  Stepper(Network<float>& network, const FusedLoss<float>& loss, Optimizer<float>& optimizer,
          double max_norm);
  ~Stepper();
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  /// Sends the batch of the next call of values() on its way to the device; at most one ahead.
  void send(const Batch& batch);

  /// Of the batch that was sent, or once more of the one before.
  ///
  /// return  of the K base losses, then of the auxiliary one, on the network's device
  const LossValues<float>& values(WithGradients gradients = WithGradients::no);

  /// The losses' gradients of the last call of values(), where they are not at the logits and were
  /// asked for.
  const std::optional<Gram>& gradients() const;

  /// factors  what each of the values counts
  void update(const std::vector<double>& factors, double lr);

  struct Outcome {
    double total;  // the objective
    bool updated;  // false when a gradient was not finite: then nothing has changed
  };
  Outcome finish();

 private:
  struct Pass;

  void compute_values(Pass& pass);
  void compute_update(Pass& pass);
  Pass& pass_for(const Shape& images, WithGradients gradients);

  Network<float>& network_;
  const FusedLoss<float>& loss_;
  Optimizer<float>& optimizer_;
  double max_norm_;
  Device device_;
  bool records_;
  std::unique_ptr<MemoryPool> pool_;  // before what lives in it
  /// By the sizes of the batch, and whether the losses' gradients are found too.
  std::map<std::pair<std::array<Index, 3>, WithGradients>, std::unique_ptr<Pass>> passes_;
  Pass* current_ = nullptr;
  std::optional<device_runtime::Upload> image_upload_, label_upload_;
  Batch next_;
  bool is_sent_ = false;
};

}  // namespace dmf
