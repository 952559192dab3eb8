#include "apps/benchmarks/step.h"

#include <sys/resource.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/benchmarks/timing.h"
#include "engine/core/parallel.h"
#include "engine/core/rng.h"
#include "engine/optim/optimizer.h"
#include "layers/unet.h"
#include "losses/cross_entropy.h"

namespace dmf {
namespace {

double peak_resident_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::round(static_cast<double>(usage.ru_maxrss) / 102.4) / 10.0;  // ru_maxrss is in kB
}

/// Milliseconds of each part of the steps so far.
struct Parts {
  std::vector<double> forward, loss, backward, optimizer, total;
};

}  // namespace

std::string run_step_benchmark(const StepBenchmark& benchmark) {
  UNetSpec spec;
  spec.variant = variant_named(benchmark.model);
  UNet<float> network(spec);
  Rng rng(1);
  Tensor<float> images(Shape{benchmark.batch, benchmark.image, benchmark.image, 1});
  for (float& pixel : images.span()) pixel = static_cast<float>(rng.normal());
  Tensor<std::int32_t> labels(Shape{benchmark.batch, benchmark.image, benchmark.image});
  for (std::int32_t& label : labels.span()) label = rng.coin() ? 1 : 0;
  const auto loss = make_cross_entropy<float>({});
  const auto optimizer = make_adam(network.named_parameters(), {});
  const Variable<float> input(images);

  Parts parts;
  constexpr int kWarmUp = 3;
  for (int i = 0; i < kWarmUp + benchmark.iterations; ++i) {
    const auto start = Clock::now();
    optimizer->zero_grad();
    Variable<float> value;
    double forward = 0.0;
    {
      Prediction<float> prediction(network.forward(input), labels);
      forward = milliseconds_since(start);
      value = (*loss)(prediction);
    }
    const double after_loss = milliseconds_since(start);
    value.backward();
    const double after_backward = milliseconds_since(start);
    optimizer->step(1e-3);
    const double total = milliseconds_since(start);
    if (i < kWarmUp) continue;
    parts.forward.push_back(forward);
    parts.loss.push_back(after_loss - forward);
    parts.backward.push_back(after_backward - after_loss);
    parts.optimizer.push_back(total - after_backward);
    parts.total.push_back(total);
  }
  const double peak_mb = peak_resident_mb();

  optimizer->zero_grad();
  network.train(false);
  const NoGrad no_grad;
  std::vector<double> inference;
  for (int i = 0; i < kWarmUp + benchmark.iterations; ++i) {
    const auto start = Clock::now();
    network.forward(input);
    if (i >= kWarmUp) inference.push_back(milliseconds_since(start));
  }
  nlohmann::ordered_json line = {{"engine", "dmf"},
                                 {"model", benchmark.model},
                                 {"batch", benchmark.batch},
                                 {"image", benchmark.image},
                                 {"threads", num_threads()},
                                 {"device", "cpu"},
                                 {"parameters", network.parameter_count()},
                                 {"train_step_ms", rounded(median_of(parts.total))},
                                 {"forward_ms", rounded(median_of(parts.forward))},
                                 {"loss_ms", rounded(median_of(parts.loss))},
                                 {"backward_ms", rounded(median_of(parts.backward))},
                                 {"optimizer_ms", rounded(median_of(parts.optimizer))},
                                 {"inference_ms", rounded(median_of(inference))},
                                 {"peak_memory_mb", peak_mb}};
  return line.dump();
}

}  // namespace dmf
