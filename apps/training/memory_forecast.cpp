#include "apps/training/memory_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "apps/training/averaged_weights.h"
#include "apps/training/parts.h"
#include "dmf/training_step.h"
#include "engine/tensor/allocator.h"

namespace dmf {
namespace {

/// Beside a step's tensors there are the images in memory, and the gaps between tensors where
/// memory is given out in small pieces.
constexpr double kSpare = 1.5;

struct Measured {
  double bytes;
  Index side;  // of the images
};

/// What a step of `batch` images takes, with what saving it takes after. Sides above 128 pixels are
/// cut to what is nearest below and a multiple of what the network needs.
Measured measure(const TrainOptions& options, Index batch) {
  constexpr Index kSide = 128;
  const Compute compute = options.where.compute();
  const Device device = compute.device;
  const std::size_t before = memory_stats(device).in_use;
  reset_memory_peak(device);
  const auto made = make_network<float>(options.network_spec(), compute);
  Network<float>& network = *made;
  const Index unit = network.size_multiple();
  const Index side = options.data.preprocess.size <= kSide
                         ? options.data.preprocess.size
                         : std::max(kSide / unit, Index{1}) * unit;
  FusedLoss<float> loss = make_fused_loss(options);
  const auto optimizer = make_optimizer(options, network);
  const AveragedWeights averages(network, options, 1);
  TrainingStep<float> step{
      Tensor<float>::full(Shape{batch, side, side, Index{options.data.preprocess.channels}}, 0.5f,
                          device),
      labels_for_losses(options, Shape{batch, side, side}, device)};
  step.forward(network, loss, loss.needs_gradients());
  step.weigh(loss);
  step.backward();
  const auto peak = static_cast<double>(memory_stats(device).peak - before);
  if (!device.is_cpu()) return {peak, side};
  // A checkpoint is put together in memory twice, as tensors and as a file: weights, two moments.
  const double checkpoint =
      2.0 * 3.0 * sizeof(float) * static_cast<double>(network.parameter_count());
  return {peak + checkpoint, side};
}

constexpr double kUnknown = std::numeric_limits<double>::infinity();

std::string amount(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MB", bytes / 1e6)
                     : fmt::format("{:.1f} GB", bytes / 1e9);
}

}  // namespace

int MemoryForecast::largest_batch(double bytes) const {
  const double images = (bytes / kSpare - fixed) / per_image;
  return static_cast<int>(std::clamp(images, 0.0, 1e6));
}

MemoryForecast forecast_memory(const TrainOptions& options) {
  constexpr Index kMostImages = 8;
  const Index most = std::min<Index>(options.batch, kMostImages), few = most / 2;
  const auto [more, side] = measure(options, most);
  const double scale =
      static_cast<double>(options.data.preprocess.size) / static_cast<double>(side);
  if (few == 0) return {0.0, more * scale * scale};
  const double per_image = (more - measure(options, few).bytes) / static_cast<double>(most - few);
  return {more - per_image * static_cast<double>(most), per_image * scale * scale};
}

std::string memory_text(const MemoryForecast& forecast, int batch, double available) {
  const double needed = forecast.step(batch);
  std::string text =
      fmt::format("a step of {} image{} needs {}", batch, batch == 1 ? "" : "s", amount(needed));
  if (available == kUnknown) return text;
  text += fmt::format(", {} are free", amount(available));
  const int fitting = forecast.largest_batch(available);
  if (fitting >= batch) return text;
  return text + (fitting > 0 ? fmt::format(": --batch {} would fit", fitting)
                             : std::string(": not one image fits, use a smaller --image"));
}

}  // namespace dmf
