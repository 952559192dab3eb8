#include "apps/training/parts.h"

#include <limits>

#include "apps/run/model_file.h"
#include "apps/training/sharded_stepper.h"
#include "apps/training/stepper.h"
#include "engine/core/check.h"
#include "losses/formula/gradient_check.h"
#include "losses/formula/loss_expression.h"

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
  return {std::move(losses), std::move(auxiliary), fusion, options.reduction, options.gradients_at};
}

void check_formulas(const ObjectiveOptions& options, Index classes) {
  std::vector<std::string> all = options.losses;
  if (options.auxiliary != "none") all.push_back(options.auxiliary);
  for (const std::string& text : all) {
    if (!LossExpression::parse(text).is_formula()) continue;
    require_gradient(*make_loss<double>(text, options.loss), classes);
  }
}

PixelLabels<float> labels_for_losses(const TrainOptions& options, const Shape& shape,
                                     Device device) {
  if (!options.soft_labels) {
    const Tensor<std::int32_t> labels = Tensor<std::int32_t>::zeros(shape, device);
    return Labels(labels, options.data.masks.classes);
  }
  Tensor<float> soft = Tensor<float>::zeros(Shape{shape[0], shape[1], shape[2], 2});
  for (Index i = 0; i < soft.numel(); i += 2) soft.data()[i] = 1.0f;
  return soft.to(device);
}

std::unique_ptr<Optimizer<float>> make_optimizer(const StepOptions& options,
                                                 const Network<float>& network) {
  return entry_named(optimizers(), options.optimizer, "optimizer")
      .make(network.named_parameters(), options.optimizer_settings);
}

std::unique_ptr<TrainingSteps> make_training_steps(const StepOptions& options,
                                                   Network<float>& network,
                                                   const FusedLoss<float>& loss,
                                                   Optimizer<float>& optimizer,
                                                   Processes& processes) {
  const double max_norm =
      options.clip_norm > 0.0 ? options.clip_norm : std::numeric_limits<double>::infinity();
  // One shard is a whole batch, whose steps a GPU can make too.
  if (options.shards == 1) return std::make_unique<Stepper>(network, loss, optimizer, max_norm);
  return std::make_unique<ShardedStepper>(network, loss, optimizer, max_norm, options.shards,
                                          processes);
}

LearningRate make_schedule(const StepOptions& options, std::int64_t total_steps) {
  return {options.schedule, options.lr, options.warmup_steps, total_steps,
          options.final_lr_fraction};
}

/// The training images, those with a small lesion as often as the options say.
std::vector<std::size_t> trained_items(const StepOptions& options, const RunData& data) {
  constexpr double kSmall = 0.02;  // of the image
  std::vector<std::size_t> items;
  for (const std::size_t item : data.split.train) {
    const double share = data.samples.lesions(item).share;
    const int times = share > 0.0 && share < kSmall ? options.small_lesions : 1;
    items.insert(items.end(), static_cast<std::size_t>(times), item);
  }
  return items;
}

/// Copies the weights of a model into a network of its shape.
void begin_with(const std::string& path, const Network<float>& network) {
  const Model model = load_model(path);
  const auto from = model.network().named_tensors();
  for (const auto& [name, tensor] : network.named_tensors()) {
    const auto found = from.find(name);
    DMF_CHECK(found != from.end() && found->second.shape() == tensor.shape(), ValueError,
              "[train] --init-from {}: its network has {} {}, the one to train {} of {}. Give the "
              "same --model, widths, channels and classes.",
              path, found == from.end() ? "no" : "a",
              found == from.end() ? name : name + " of " + found->second.shape().str(),
              found == from.end() ? name : "one", tensor.shape().str());
    tensor.copy_from(found->second);
  }
}

}  // namespace dmf
