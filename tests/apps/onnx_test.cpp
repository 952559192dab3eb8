#include <doctest/doctest.h>

#include "apps/export/onnx.h"
#include "apps/support/option_values.h"
#include "engine/core/check.h"
#include "tests/support/onnx_interpreter.h"
#include "tests/support/small_networks.h"

// Exported files, read by an interpreter of the standard's definitions.

namespace dmf {
namespace {

using doctest::Contains;

/// The axes of [N, H, W, C] as [N, C, H, W].
template <class S>
Tensor<double> channels_first(const Tensor<S>& x) {
  const Index H = x.size(1), W = x.size(2), C = x.size(3);
  const Tensor<double> y(Shape{x.size(0), C, H, W});
  for (Index i = 0; i < x.numel(); ++i) {
    const Index c = i % C, pixel = i / C, w = pixel % W, h = pixel / W % H, n = pixel / (W * H);
    y.data()[((n * C + c) * H + h) * W + w] = static_cast<double>(x.data()[i]);
  }
  return y;
}

}  // namespace

TEST_CASE("ONNX: the file of every network computes what the network does") {
  for (const NetworkSpec& spec : small_network_specs()) {
    CAPTURE(spec.name);
    CAPTURE(settings_text(spec.settings));
    Model model = model_of(with_random_weights(make_network<float>(spec)));
    // Weights of both signs, so that activations have something to bend.
    Rng rng(2);
    for (const auto& p : model.network().named_parameters()) {
      p.variable.value().copy_from(random_tensor<float>(p.variable.shape(), rng));
    }
    model.preprocess.channels = 3;
    const auto images = random_tensor<float>(Shape{2, 8, 12, 3}, rng, 0.0, 1.0);
    const NoGrad no_grad;
    const Tensor<double> expected =
        channels_first(model.network().forward(Variable<float>(images)).value());
    const auto outputs = run_onnx(to_onnx(model), channels_first(images));
    CHECK(largest_difference(outputs.at("logits"), expected) <
          1e-4 * (1.0 + largest_magnitude(expected)));
    const Tensor<double>& probabilities = outputs.at("probabilities");
    CHECK(probabilities.shape() == expected.shape());
  }
}

TEST_CASE("ONNX: a network that is none of this program's is refused by name") {
  struct Other final : Network<float> {
    Other() : Network<float>({.name = "other"}, Device::cpu()) {}
    Variable<float> forward(const Variable<float>& x) override { return x; }
  };
  const Model model = model_of(std::make_unique<Other>());
  const std::string refusal = "[onnx] the network: got other, expected one of this program's: " +
                              any_of_text(names_of(networks())) + ".";
  CHECK_THROWS_WITH_AS(to_onnx(model), refusal.c_str(), Error);
}

}  // namespace dmf
