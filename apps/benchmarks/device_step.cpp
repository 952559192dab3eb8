#include "apps/benchmarks/device_step.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/benchmarks/op_shapes.h"
#include "apps/benchmarks/peaks.h"
#include "apps/benchmarks/timing.h"
#include "apps/training/stepper.h"
#include "engine/core/device_runtime.h"
#include "engine/core/rng.h"
#include "layers/networks/unet.h"
#include "losses/registry.h"

namespace dmf {
namespace {

struct Floors {
  double operations = 0.0, bytes = 0.0;
};

/// What a step must do: convolutions in three passes, and every tensor that passes between ops.
Floors floors_of(const UNetSpec& spec, const Workload& workload, double element_bytes,
                 Index parameters) {
  Floors floors;
  for (const OpShape& s : network_shapes(spec, workload.batch, workload.image)) {
    const double in = static_cast<double>(s.n * s.h * s.w) * static_cast<double>(s.c_in);
    const double pixels = static_cast<double>(s.n * s.h * s.w);
    if (s.op == "conv2d" || s.op == "conv_transpose2d") {
      const bool up = s.op == "conv_transpose2d";
      const auto stride = static_cast<double>(s.stride * s.stride);
      const double out_pixels = up ? pixels * stride : pixels / stride;
      floors.operations += 3.0 * 2.0 * std::min(pixels, out_pixels) *
                           static_cast<double>(s.kernel * s.kernel) *
                           static_cast<double>(s.c_in * s.c_out);
      floors.bytes += 3.0 * element_bytes * (in + out_pixels * static_cast<double>(s.c_out));
    } else if (s.op == "batch_norm2d") {  // forward reads and writes, backward reads two
      floors.bytes += 5.0 * element_bytes * in;
    } else if (s.op == "max_pool2d") {
      floors.bytes += 2.0 * element_bytes * 1.25 * in + in / 2.0;
    } else if (s.op == "concat") {
      floors.bytes += 4.0 * element_bytes * (in + pixels * static_cast<double>(s.c_out));
    }
  }
  floors.bytes += 28.0 * static_cast<double>(parameters);  // Adam
  return floors;
}

}  // namespace

std::string run_device_step_benchmark(const Workload& workload, const Compute& compute,
                                      int iterations) {
  const Device device = compute.device;
  constexpr int kWarmUp = 5;
  const Peaks peaks = measure_device_peaks(compute);
  release_cached_memory(device);
  reset_memory_peak(device);
  const auto made = make_network<float>(network_spec(workload.model), compute);
  Network<float>& network = *made;
  std::vector<std::unique_ptr<Loss<float>>> losses;
  losses.push_back(make_loss<float>("cce"));
  FusionSpec fusion;
  fusion.weighting = "fixed";
  FusedLoss<float> loss(std::move(losses), nullptr, fusion);
  const auto optimizer = make_adam(network.named_parameters(), {});
  Stepper stepper(network, loss, *optimizer, std::numeric_limits<double>::infinity());
  Rng rng(1);
  const Tensor<float> pixels(Shape{workload.batch, workload.image, workload.image, 1});
  const Tensor<std::int32_t> labels(Shape{workload.batch, workload.image, workload.image});
  for (float& pixel : pixels.span()) pixel = static_cast<float>(rng.normal());
  for (std::int32_t& label : labels.span()) label = rng.coin() ? 1 : 0;
  const Batch batch{pixels, Labels(labels, network.spec().classes), {}};
  stepper.send(batch);

  std::vector<double> steps, exchanges;
  for (int i = 0; i < kWarmUp + iterations; ++i) {
    const auto start = Clock::now();
    const LossValues<float>& values = stepper.values();
    device_runtime::synchronize(device);
    const double computed = milliseconds_since(start);
    stepper.update(loss.weigh(values, true).factors, 1e-3);
    const double exchanged = milliseconds_since(start);
    stepper.finish();
    if (i >= kWarmUp) {
      steps.push_back(milliseconds_since(start));
      exchanges.push_back(exchanged - computed);
    }
  }
  const double peak_mb = static_cast<double>(memory_stats(device).peak) / (1024.0 * 1024.0);

  network.train(false);
  optimizer->zero_grad();
  const NoGrad no_grad;
  const Tensor<float> images = batch.images.to(device);
  const auto infer = [&] { network.logits(images); };
  MemoryPool pool(device);
  const MemoryPool::Scope scope(pool);
  const RecordedWork inference(device, infer);
  std::vector<double> inferences;
  for (int i = 0; i < kWarmUp + iterations; ++i) {
    const auto start = Clock::now();
    inference.replay();
    device_runtime::synchronize(device);
    if (i >= kWarmUp) inferences.push_back(milliseconds_since(start));
  }

  const double step = median_of(steps);
  nlohmann::ordered_json line{{"engine", "dmf"},
                              {"model", workload.model},
                              {"batch", workload.batch},
                              {"image", workload.image},
                              {"device", device_runtime::description(device)},
                              {"precision", name_of(kMatmulPrecisions, compute.precision)},
                              {"parameters", network.parameter_count()},
                              {"train_step_ms", rounded(step)},
                              {"exchange_ms", rounded(median_of(exchanges))},
                              {"inference_ms", rounded(median_of(inferences))},
                              {"peak_memory_mb", rounded(peak_mb, 0.1)},
                              {"peak_gflops", rounded(peaks.gflops, 0.1)},
                              {"peak_gb_s", rounded(peaks.gigabytes, 0.1)}};
  if (const auto* unet = dynamic_cast<const UNet<float>*>(&network)) {
    const double element_bytes = compute.in_bfloat16() ? 2.0 : 4.0;
    const Floors floors =
        floors_of(unet->unet_spec(), workload, element_bytes, network.parameter_count());
    const double arithmetic = floors.operations / peaks.gflops / 1e6;
    const double traffic = floors.bytes / peaks.gigabytes / 1e6;
    line["arithmetic_floor_ms"] = rounded(arithmetic);
    line["bytes_floor_ms"] = rounded(traffic);
    line["times_the_larger_floor"] = rounded(step / std::max(arithmetic, traffic), 0.01);
  }
  return line.dump();
}

}  // namespace dmf
