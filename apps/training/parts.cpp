#include "apps/training/parts.h"

namespace dmf {

FusedLoss<float> make_fused_loss(const TrainOptions& options) {
  std::vector<std::unique_ptr<Loss<float>>> losses;
  const LossSettings settings = options.loss_settings();
  for (const std::string& name : options.losses) losses.push_back(make_loss<float>(name, settings));
  std::unique_ptr<Loss<float>> auxiliary;
  if (options.auxiliary != "none") auxiliary = make_loss<float>(options.auxiliary, settings);
  FusionSpec fusion = options.fusion;
  fusion.rule.seed = options.seed;
  return {std::move(losses), std::move(auxiliary), fusion};
}

std::unique_ptr<Optimizer<float>> make_optimizer(const TrainOptions& options,
                                                 const Network<float>& network) {
  if (options.optimizer == "sgd") {
    return make_sgd(network.named_parameters(),
                    {options.momentum, options.weight_decay, options.nesterov});
  }
  AdamOptions adam;
  adam.weight_decay = options.weight_decay;
  adam.decoupled = options.optimizer == "adamw";
  return make_adam(network.named_parameters(), adam);
}

LearningRate make_schedule(const TrainOptions& options, std::int64_t total_steps) {
  return {
      options.schedule == "cosine" ? LearningRate::Shape::cosine : LearningRate::Shape::constant,
      options.lr, options.warmup_steps, total_steps, options.final_lr_fraction};
}

}  // namespace dmf
