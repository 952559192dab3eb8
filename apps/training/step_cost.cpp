#include "apps/training/step_cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "apps/support/progress.h"
#include "apps/training/parts.h"
#include "apps/training/stepper.h"
#include "engine/core/parallel.h"

namespace dmf {

double seconds_per_step(TrainOptions options) {
  constexpr int kWarmUp = 1, kTimed = 3;
  if (options.data.masks.classes == 0) options.data.masks.classes = 2;  // not decided yet
  const auto network = make_network<float>(options.network_spec(), options.where.compute());
  FusedLoss<float> loss = make_fused_loss(options);
  const auto optimizer = make_optimizer(options, *network);
  Stepper stepper(*network, loss, *optimizer, std::numeric_limits<double>::infinity());
  const Index side = options.data.preprocess.size;
  const Batch batch{
      Tensor<float>::full(Shape{options.batch, side, side, Index{options.data.preprocess.channels}},
                          0.5f),
      Labels(Tensor<std::int32_t>::zeros(Shape{options.batch, side, side}),
             network->spec().classes),
      {}};
  std::vector<double> seconds;
  for (int i = 0; i < kWarmUp + kTimed; ++i) {
    const auto start = std::chrono::steady_clock::now();
    stepper.send(batch);
    const LossValues<float>& values = stepper.values(loss.needs_gradients());
    stepper.update(loss.weigh(values, true, stepper.gradients()).factors, 0.0);
    stepper.finish();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin() + kWarmUp, seconds.end());
  return seconds[kWarmUp + kTimed / 2];
}

std::string describe_cost(const TrainOptions& options, std::int64_t images, double step_seconds) {
  const std::int64_t steps = chunk_count(images, options.batch);
  const std::int64_t epochs = options.epoch_count(steps);
  return fmt::format("{} epochs of {} steps at {:.2f} s: about {}", epochs, steps, step_seconds,
                     duration_text(static_cast<double>(epochs * steps) * step_seconds));
}

}  // namespace dmf
