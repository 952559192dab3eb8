#pragma once

#include <optional>
#include <vector>

#include "apps/processes/processes.h"
#include "apps/training/training_steps.h"
#include "dmf/training_step.h"
#include "engine/optim/optimizer.h"

namespace dmf {

/// Makes training steps of batches that are cut into S shards, shard s being even_share(N, S, s) of the
/// images. What comes out depends on S and never on how many processes share the work:
///
///   values()   each shard passes through the network by itself, with its own statistics of batch
///              normalisation; then every process has the logits and labels of the whole batch, and
///              computes its losses from them: sums of pixels are those of the whole batch
///   update()   the gradient for these logits goes back through each shard; the shards' gradients for the
///              parameters are added in the order of the shards (ordered_sum)
///
/// The running statistics of batch normalisation become the mean of the shards', weighted by images.
/// Dropout draws for every shard anew. In memory are the graphs of all shards of this process, as much as
/// a step of as many images takes, and a gradient for each.
class ShardedStepper final : public TrainingSteps {
 public:
  /// network   on the CPU
  /// max_norm  of all gradients together, see Optimizer::step
  /// shards    a multiple of the processes
  ShardedStepper(Network<float>& network, const FusedLoss<float>& loss, Optimizer<float>& optimizer,
                 double max_norm, Index shards, Processes& processes);

  /// batch  of which this process has even_share(N, processes, rank), N being at least S
  void send(const Batch& batch) override { next_ = batch; }
  const LossValues<float>& values(WithGradients gradients = WithGradients::no) override;
  const std::optional<Gram>& gradients() const override { return step_.gradients; }
  void update(const std::vector<double>& factors, double lr) override;
  Outcome finish() override;

 private:
  /// A shard that has passed through the network forward.
  struct Shard {
    ChunkRange images;                   // of the whole batch
    std::vector<Variable<float>> heads;  // logits, with the graph behind them
  };

  void pass_forward();
  void gather_labels();
  /// return  the shard's gradient for all parameters that have one, side by side
  Tensor<float> pass_backward(Shard& shard);

  Network<float>& network_;
  const FusedLoss<float>& loss_;
  Optimizer<float>& optimizer_;
  double max_norm_;
  Index shards_;
  Processes& processes_;
  Batch next_;
  std::vector<Shard> own_;
  std::vector<Variable<float>> logits_;  // of the whole batch, one a head: what the losses begin at
  TrainingStep<float> step_;
};

}  // namespace dmf
