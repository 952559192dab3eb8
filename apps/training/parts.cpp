#include "apps/training/parts.h"

namespace dmf {

FusedLoss<float> make_fused_loss(const TrainOptions& options, std::int64_t steps_per_epoch) {
  std::vector<std::unique_ptr<Loss<float>>> losses;
  for (const std::string& loss : options.losses) {
    losses.push_back(make_loss<float>(loss, options.loss));
  }
  std::unique_ptr<Loss<float>> auxiliary;
  if (options.auxiliary != "none") auxiliary = make_loss<float>(options.auxiliary, options.loss);
  FusionSpec fusion = options.fusion;
  fusion.seed = options.seed;
  fusion.steps_per_epoch = steps_per_epoch;
  return {std::move(losses), std::move(auxiliary), fusion, options.reduction};
}

std::unique_ptr<Optimizer<float>> make_optimizer(const TrainOptions& options,
                                                 const Network<float>& network) {
  return entry_named(optimizers(), options.optimizer, "optimizer")
      .make(network.named_parameters(), options.optimizer_settings);
}

LearningRate make_schedule(const TrainOptions& options, std::int64_t total_steps) {
  return {options.schedule, options.lr, options.warmup_steps, total_steps,
          options.final_lr_fraction};
}

}  // namespace dmf
