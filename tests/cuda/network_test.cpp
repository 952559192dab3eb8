#include <doctest/doctest.h>

#include <cmath>

#include "engine/core/check.h"
#include "engine/core/device_runtime.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/ops/store_as.h"
#include "engine/tensor/recorded_work.h"
#include "layers/networks/unet.h"
#include "losses/evaluate.h"
#include "losses/registry.h"
#include "tests/cases/op_case.h"
#include "tests/support/random_tensor.h"

// Whole ops and networks on the CUDA device against the CPU.

namespace dmf {
namespace {

template <class S>
struct Results {
  std::vector<Tensor<S>> tensors;  // the value, then a gradient for each input
};

/// Value and gradients of an op's case, its inputs on `device`.
Results<double> run_case(const OpCase& c, Device device) {
  Rng rng(21);
  std::vector<Variable<double>> inputs;
  for (const Variable<double>& input : c.inputs(rng)) {
    inputs.emplace_back(input.value().to(device), true);
  }
  const Variable<double> y = c.forward(inputs);
  Rng of_dy(22);
  y.backward(random_tensor<double>(y.shape(), of_dy).to(device));
  Results<double> results{{y.value().to(Device::cpu())}};
  for (const auto& input : inputs) results.tensors.push_back(input.grad().to(Device::cpu()));
  return results;
}

UNetSpec small_network(const UNetPreset& preset) {
  UNetSpec spec;
  spec.preset = preset;
  spec.depth = 2;
  spec.base_width = 8;
  return spec;
}

/// Objective of all losses that a GPU has for a batch of 2 images of 45 x 42 pixels (padded inside), a dark disc
/// in noise whose label it is, and the gradients of all parameters.
template <class S>
struct NetworkRun {
  explicit NetworkRun(const UNetSpec& spec, const Compute& compute) : network(spec, compute) {
    const Device device = compute.device;
    constexpr Index kImages = 2, kHeight = 45, kWidth = 42;
    Rng rng(31);
    auto noise = random_tensor<double>(Shape{kImages, kHeight, kWidth, 1}, rng, 0.0, 1.0);
    const Tensor<std::int32_t> truth(Shape{kImages, kHeight, kWidth});
    for (Index i = 0; i < truth.numel(); ++i) {
      const Index h = i / kWidth % kHeight - 20, w = i % kWidth - 25;
      truth.data()[i] = h * h + w * w < 120 ? 1 : 0;
      if (truth.data()[i] == 1) noise.data()[i] *= 0.3;
    }
    labels = Labels(truth, 2).to(device);
    images = cast<S>(noise).to(device);
  }

  /// Normalisations that end far above zero: no ReLU is near its kink.
  void away_from_kinks() {
    for (const auto& p : network.named_parameters()) {
      if (p.name.ends_with("beta")) p.variable.value().fill(S{4});
    }
  }

  Variable<S> objective() {
    std::vector<std::unique_ptr<Loss<S>>> all;
    std::vector<const Loss<S>*> handles;
    for (const std::string& name : names_of(losses())) {
      auto loss = make_loss<S>(name);
      if (loss->needs(labels.classes()).each_pixel) continue;
      all.push_back(std::move(loss));
      handles.push_back(all.back().get());
    }
    return sum(evaluate_losses(handles, network.logits(images), labels).values);
  }

  std::vector<Tensor<S>> gradients() const {
    std::vector<Tensor<S>> all;
    for (const auto& p : network.named_parameters()) {
      all.push_back(p.variable.grad().to(Device::cpu()));
    }
    return all;
  }

  UNet<S> network;
  Tensor<S> images;
  Labels labels;
};

/// ||a - b|| / ||b|| over all tensors together
double relative_error(const std::vector<Tensor<float>>& a, const std::vector<Tensor<double>>& b) {
  double difference = 0.0, size = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (Index k = 0; k < b[i].numel(); ++k) {
      const double d = static_cast<double>(a[i].data()[k]) - b[i].data()[k];
      difference += d * d;
      size += b[i].data()[k] * b[i].data()[k];
    }
  }
  return std::sqrt(difference / size);
}

}  // namespace

TEST_CASE("cuda: every case of every op gives the CPU's value and gradients, in double") {
  for (const OpCase& c : all_op_cases()) {
    CAPTURE(op_name(c.op));
    CAPTURE(c.name);
    const Results<double> cpu = run_case(c, Device::cpu()), cuda = run_case(c, Device::cuda());
    REQUIRE(cpu.tensors.size() == cuda.tensors.size());
    for (std::size_t i = 0; i < cpu.tensors.size(); ++i) {
      CHECK(largest_difference(cpu.tensors[i], cuda.tensors[i]) <
            1e-12 * (1.0 + largest_magnitude(cpu.tensors[i])));
    }
  }
}

TEST_CASE("cuda: a loss that looks at each pixel is refused") {
  const Variable<float> logits(Tensor<float>::zeros(Shape{1, 2, 2, 2}).to(Device::cuda()));
  const Labels labels = Labels(Tensor<std::int32_t>::zeros(Shape{1, 2, 2}), 2).to(Device::cuda());
  CHECK_THROWS_WITH_AS(
      evaluate_loss(*make_loss<float>("boundary"), logits, labels),
      doctest::Contains("[loss] boundary: got pixels on cuda:0, expected the CPU's. It has no "
                        "kernels for a GPU: choose another loss, or --device cpu."),
      DeviceError);
}

// A rounding of 2^-12 turns a ReLU or the choice of a pooling window over in about one of so many
// pixels, and the gradient there is another one altogether: an error of the square root of that
// share, whoever rounds. So the rounded arithmetics are compared where no ReLU is near its kink,
// and what is left of it as they are is printed.
TEST_CASE("cuda: the gradient of a whole U-Net against the CPU's in double") {
  const struct {
    MatmulPrecision precision;
    bool near_kinks;
    double tolerance;
  } modes[] = {{MatmulPrecision::fp32, true, 1e-4}, {MatmulPrecision::fp32, false, 1e-4},
               {MatmulPrecision::tf32, true, 0.2},  {MatmulPrecision::tf32, false, 5e-3},
               {MatmulPrecision::bf16, true, 0.5},  {MatmulPrecision::bf16, false, 5e-2}};
  for (const UNetPreset& preset : kUNetPresets) {
    for (const auto& [precision, near_kinks, tolerance] : modes) {
      NetworkRun<double> cpu(small_network(preset), Device::cpu());
      NetworkRun<float> cuda(small_network(preset), {Device::cuda(), precision});
      if (!near_kinks) {
        cpu.away_from_kinks();
        cuda.away_from_kinks();
      }
      const Variable<double> expected = cpu.objective();
      const Variable<float> value = cuda.objective();
      expected.backward();
      value.backward();
      const double error = relative_error(cuda.gradients(), cpu.gradients());
      MESSAGE(preset.name, ", ", name_of(kMatmulPrecisions, precision),
              std::string(near_kinks ? ", as it is" : ", no ReLU near its kink"),
              ": relative error ", error);
      CHECK(error < tolerance);
      CHECK(static_cast<double>(value.value().item()) ==
            doctest::Approx(expected.value().item()).epsilon(0.1 * tolerance));
    }
  }
}

TEST_CASE("cuda: evaluation with folded normalisation agrees with the CPU") {
  const UNetSpec spec = small_network(kPaperUNet);
  NetworkRun<float> cpu(spec, Device::cpu()), cuda(spec, {Device::cuda(), MatmulPrecision::fp32});
  cpu.objective();  // moves the running statistics
  cuda.objective();
  cpu.network.train(false);
  cuda.network.train(false);
  const NoGrad no_grad;
  const Variable<float> a = cpu.network.forward(Variable<float>(cpu.images));
  const Variable<float> b = cuda.network.forward(Variable<float>(cuda.images));
  CHECK(largest_difference(a.value(), b.value()) < 1e-4);
}

TEST_CASE("cuda: a change of storage rounds the value, and gives its gradient back in full") {
  Rng rng(41);
  const Tensor<float> values = random_tensor<float>(Shape{2, 3, 5, 3}, rng);
  const Variable<float> x(values.to(Device::cuda()), true);
  const Variable<float> half = store_as(x, Storage::bfloat16);
  CHECK(half.value().storage() == Storage::bfloat16);
  const double apart = largest_difference(half.value(), values);
  CHECK(apart > 0.0);
  CHECK(apart <= 0x1p-9);
  const Variable<float> again = store_as(2.0 * half, Storage::full);
  sum(again * again).backward();  // 8 x
  CHECK(x.grad().storage() == Storage::full);
  double worst = 0.0;
  const Tensor<float> gradient = x.grad().to(Device::cpu());
  for (Index i = 0; i < values.numel(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(gradient.data()[i]) -
                                     8.0 * static_cast<double>(values.data()[i])));
  }
  CHECK(worst < 0.08);
  CHECK_THROWS_WITH_AS(store_as(Variable<float>(values), Storage::bfloat16),
                       doctest::Contains("[store_as] bfloat16 on cpu"), ValueError);
}

TEST_CASE("cuda: recorded work does the same again, with what its inputs hold then") {
  const Device device = Device::cuda();
  MemoryPool pool(device);
  const Tensor<float> x(Shape{1000}, device);
  x.fill(1.0f);
  Variable<float> y;
  const auto record = [&] {
    const MemoryPool::Scope scope(pool);
    return RecordedWork(device, [&] {
      const Variable<float> twice = 2.0 * Variable<float>(x);
      y = sum(twice * Variable<float>(Tensor<float>::full(Shape{1000}, 0.5f, device)));
    });
  };
  const RecordedWork work = record();
  work.replay();
  CHECK(y.value().item() == 1000.0f);
  x.fill(3.0f);
  const Tensor<float> others = Tensor<float>::full(Shape{1000}, 7.0f, device);  // not the pool's
  work.replay();
  CHECK(y.value().item() == 3000.0f);
  CHECK(others.to(Device::cpu()).data()[500] == 7.0f);
  CHECK_THROWS_AS(RecordedWork(device, [&] { y.value().item(); }), DeviceError);
  CHECK(Tensor<float>::full(Shape{1}, 2.0f, device).item() == 2.0f);  // the device goes on
}

TEST_CASE("cuda: a request that no device can meet is one clear error, and nothing is lost") {
  const Device device = Device::cuda();
  const Tensor<float> kept = Tensor<float>::full(Shape{10}, 3.0f, device);
  CHECK_THROWS_WITH_AS(Tensor<float>(Shape{Index{1} << 40}, device),
                       doctest::Contains("out of memory on cuda:0: asked for 4398046.5 MB"),
                       OutOfMemory);
  CHECK(kept.to(Device::cpu()).data()[9] == 3.0f);
  CHECK_THROWS_WITH_AS(static_cast<void>(kept.span()), doctest::Contains("lives on cuda:0"),
                       DeviceError);
}

TEST_CASE("cuda: uploads arrive in their order and wait for room") {
  const Device device = Device::cuda();
  device_runtime::Upload upload(device, 4000);
  const Tensor<float> there(Shape{1000}, device);
  for (int round = 0; round < 5; ++round) {
    for (int k = 0; k < 2; ++k) {
      const std::vector<float> values(1000, static_cast<float>(10 * round + k));
      upload.send(values.data(), 4000);
    }
    const float more = 0.0f;
    CHECK_THROWS_AS(upload.send(&more, 4), ValueError);
    for (int k = 0; k < 2; ++k) {
      upload.receive(there.data());
      CHECK(there.to(Device::cpu()).data()[999] == static_cast<float>(10 * round + k));
    }
  }
  CHECK_THROWS_AS(upload.receive(there.data()), ValueError);
}

}  // namespace dmf
