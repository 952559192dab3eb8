#pragma once

#include <map>
#include <memory>
#include <optional>

#include "apps/training/training_steps.h"
#include "engine/core/device_runtime.h"
#include "engine/optim/optimizer.h"
#include "engine/tensor/recorded_work.h"
#include "layers/networks/network.h"

namespace dmf {

/// Makes training steps of whole batches on the device that the network lives on. On a CUDA device both
/// halves are recorded once for every size of batch and then done again by the device alone; a network
/// that draws anew each step is not recorded, nor gradients at parameters.
class Stepper final : public TrainingSteps {
 public:
  /// max_norm  of all gradients together, see Optimizer::step
  Stepper(Network<float>& network, const FusedLoss<float>& loss, Optimizer<float>& optimizer,
          double max_norm);
  ~Stepper() override;

  void send(const Batch& batch) override;
  const LossValues<float>& values(WithGradients gradients = WithGradients::no) override;
  const std::optional<Gram>& gradients() const override;
  void update(const std::vector<double>& factors, double lr) override;
  Outcome finish() override;

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
