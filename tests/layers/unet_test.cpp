#include <doctest/doctest.h>

#include <set>

#include "engine/core/check.h"
#include "layers/networks/unet.h"
#include "losses/evaluate.h"
#include "losses/registry.h"
#include "tests/support/gradcheck.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Contains;

UNetSpec small(const UNetPreset& preset) {
  UNetSpec spec;
  spec.preset = preset;
  spec.depth = 2;
  spec.base_width = 2;
  return spec;
}

}  // namespace

TEST_CASE("unet: the presets have the published numbers of parameters") {
  UNetSpec spec;
  CHECK(UNet<float>(spec).parameter_count() == 1754338);
  spec.preset = kClassicUNet;
  CHECK(UNet<float>(spec).parameter_count() == 7765442);
}

TEST_CASE("unet: parameter names are the reference's, each once") {
  std::set<std::string> names;
  for (const UNetPreset& preset : kUNetPresets) {
    const UNet<float> network(small(preset));
    std::set<std::string> own;
    for (const auto& p : network.named_parameters()) CHECK(own.insert(p.name).second);
    for (const auto& b : network.named_buffers()) CHECK(own.insert(b.name).second);
    names.merge(own);
  }
  for (const char* name :
       {"enc0.conv.weight", "enc1.bn.gamma", "dec0.up.weight", "dec1.bn.running_var", "head.bias",
        "mid.conv2.bias", "dec1.conv1.weight", "enc0.bn2.beta"}) {
    CHECK_MESSAGE(names.contains(name), name);
  }
}

TEST_CASE(
    "unet: any image size, channels and classes; sizes that 2^depth does not divide are padded") {
  for (const UNetPreset& preset : kUNetPresets) {
    UNetSpec spec = small(preset);
    spec.in_channels = 3;
    spec.classes = 4;
    UNet<float> network(spec);
    network.train(false);  // a single value cannot be normalised by its own statistics
    for (const Shape& x :
         {Shape{1, 1, 1, 3}, Shape{2, 5, 7, 3}, Shape{1, 8, 4, 3}, Shape{1, 13, 3, 3}}) {
      Rng rng(1);
      const auto y = network.forward(Variable<float>(random_tensor<float>(x, rng)));
      CHECK(y.shape() == x.with(3, 4));
    }
  }
}

TEST_CASE("unet: errors name what does not fit") {
  UNet<float> network(small(kPaperUNet));
  const auto x = [](const Shape& shape) { return Variable<float>(Tensor<float>::zeros(shape)); };
  CHECK_THROWS_WITH_AS(network.forward(x({1, 8, 8, 3})),
                       Contains("[unet] x [1, 8, 8, 3]: expected [N, H, W, 1]"), ShapeError);
  CHECK_THROWS_WITH_AS(network.forward(x({0, 8, 8, 1})), Contains("none of them 0"), ShapeError);
  UNet<float> classic(small(kClassicUNet));
  CHECK_THROWS_WITH_AS(classic.forward(x({1, 4, 4, 1})),
                       Contains("[mid.bn1] cannot normalise over one value"), ValueError);
  UNetSpec bad;
  bad.depth = 0;
  CHECK_THROWS_WITH_AS(UNet<float>{bad}, Contains("[depth] got 0, expected >= 1 and <= 8."),
                       ValueError);
  bad = {};
  bad.classes = 1;
  CHECK_THROWS_WITH_AS(UNet<float>{bad}, Contains("[network] classes: got 1, expected 2 to 256."),
                       ValueError);
}

TEST_CASE(
    "unet: the seed decides the weights; dropout draws a new mask every pass, none in evaluation") {
  UNetSpec spec = small(kClassicUNet);
  spec.dropout = 0.5;
  UNet<float> a(spec), b(spec);
  spec.seed = 2;
  const UNet<float> c(spec);
  CHECK(largest_difference(a.named_parameters()[0].variable.value(),
                           b.named_parameters()[0].variable.value()) == 0.0);
  CHECK(largest_difference(a.named_parameters()[0].variable.value(),
                           c.named_parameters()[0].variable.value()) > 0.0);
  Rng rng(1);
  const Variable<float> x(random_tensor<float>(Shape{1, 8, 8, 1}, rng));
  const auto first = a.forward(x).value(), second = a.forward(x).value(),
             twin = b.forward(x).value();
  CHECK(largest_difference(first, second) > 0.0);
  CHECK(largest_difference(first, twin) == 0.0);
  a.train(false);
  CHECK(largest_difference(a.forward(x).value(), a.forward(x).value()) == 0.0);
}

TEST_CASE_TEMPLATE("unet: inference in one pass a convolution agrees with evaluation on the tape",
                   S, float, double) {
  for (const UNetPreset& preset : kUNetPresets) {
    UNet<S> network(small(preset));
    Rng rng(3);
    for (const auto& p : network.named_parameters()) {
      p.variable.value().copy_from(random_tensor<S>(p.variable.shape(), rng, -0.7, 1.0));
    }
    for (const auto& b : network.named_buffers()) {
      b.tensor.copy_from(random_tensor<S>(b.tensor.shape(), rng, 0.2, 2.0));
    }
    network.train(false);
    const Variable<S> x(random_tensor<S>(Shape{2, 9, 12, 1}, rng));
    const Tensor<S> on_tape = network.forward(x).value();
    const NoGrad no_grad;
    const Tensor<S> inferred = network.forward(x).value();
    const double tolerance = std::is_same_v<S, float> ? 1e-5 : 1e-13;
    CHECK(largest_difference(on_tape, inferred) < tolerance * largest_magnitude(on_tape));
    CHECK(largest_magnitude(on_tape) > 0.1);
  }
}

TEST_CASE("unet: initial weights follow Glorot and He") {
  const UNet<float> paper{UNetSpec{}};
  UNetSpec classic_spec;
  classic_spec.preset = kClassicUNet;
  const UNet<float> classic(classic_spec);
  const auto weight = [](const UNet<float>& network, const std::string& name) {
    for (const auto& p : network.named_parameters()) {
      if (p.name == name) return p.variable.value();
    }
    return Tensor<float>();
  };
  const auto glorot = weight(paper, "enc3.conv.weight");  // fans 9 * 128 and 9 * 256
  const double limit = std::sqrt(6.0 / (9.0 * 384.0));
  CHECK(largest_magnitude(glorot) <= limit);
  CHECK(largest_magnitude(glorot) > 0.99 * limit);
  const auto deviation = [](const Tensor<float>& t) {
    double squares = 0.0;
    for (const float v : t.span()) squares += static_cast<double>(v) * static_cast<double>(v);
    return std::sqrt(squares / static_cast<double>(t.numel()));
  };
  CHECK(deviation(weight(classic, "mid.conv2.weight")) ==
        doctest::Approx(std::sqrt(2.0 / (9 * 512))).epsilon(0.02));
  // A 2x2 stride-2 transposed convolution sums over its input channels alone.
  CHECK(deviation(weight(classic, "dec3.up.weight")) ==
        doctest::Approx(std::sqrt(2.0 / 512)).epsilon(0.02));
  CHECK(largest_magnitude(weight(classic, "dec3.up.bias")) == 0.0);
}

TEST_CASE("gradients: both small U-Nets agree with central differences") {
  for (const UNetPreset& preset : kUNetPresets) {
    UNet<double> network(small(preset));
    Rng rng(21);
    const Variable<double> x(random_tensor<double>(Shape{2, 8, 8, 1}, rng), true);
    const Labels labels(random_labels(Shape{2, 8, 8}, 2, rng), 2);
    // Away from the symmetric start: random batch-norm shifts, so that few activations sit at 0.
    for (const auto& p : network.named_parameters()) {
      if (p.name.ends_with(".beta"))
        p.variable.value().copy_from(random_tensor<double>(p.variable.shape(), rng));
    }
    const auto loss = make_loss<double>("cce");
    std::vector<Variable<double>> inputs = {x};
    for (const auto& p : network.named_parameters()) inputs.push_back(p.variable);
    GradcheckOptions options;
    options.relative = 1e-5;
    const GradcheckResult result = gradcheck(
        fmt::format("unet {}", preset.name), inputs,
        [&] { return evaluate_loss(*loss, network.forward(x), labels); }, options);
    CHECK_MESSAGE(result.failure.empty(), result.failure);
    MESSAGE("unet ", preset.name, ": ", result.checked, " elements checked, ", result.excluded,
            " excluded at a kink");
  }
}

}  // namespace dmf
