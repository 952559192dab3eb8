#include <doctest/doctest.h>

#include <set>
#include <tuple>

#include "engine/core/check.h"
#include "layers/networks/cmunext.h"
#include "layers/networks/networks.h"
#include "layers/networks/residual_unet.h"
#include "layers/networks/unet.h"
#include "losses/evaluate.h"
#include "losses/registry.h"
#include "tests/support/gradcheck.h"
#include "tests/support/random_tensor.h"

// The U-Nets' options, and the networks beside them.

namespace dmf {
namespace {

using doctest::Contains;

UNetSpec small_unet(NormKind norm, Activation activation, Down down) {
  UNetSpec spec;
  spec.preset = kClassicUNet;
  spec.depth = 2;
  spec.base_width = 4;
  spec.norm = norm;
  spec.norm_groups = 2;
  spec.activation = activation;
  spec.down = down;
  return spec;
}

ResidualUNetSpec small_residual() {
  return {.size = {.depth = 2, .base_width = 2, .max_width = 4}, .blocks = {1, 2}};
}

CmunextSpec small_cmunext() {
  return {.widths = {2, 3, 4}, .blocks = {1, 2, 1}, .kernels = {3, 5, 3}};
}

std::set<std::string> names_in(const Module<float>& network) {
  std::set<std::string> names;
  for (const auto& each : network.named_tensors()) names.insert(each.first);
  return names;
}

/// A loss of the logits of the network's heads agrees with central differences in all parameters and in x.
void check_gradients(const std::string& name, Network<double>& network, const Shape& shape) {
  Rng rng(21);
  const Variable<double> x(random_tensor<double>(shape, rng), true);
  const Labels labels(random_labels(Shape{shape[0], shape[1], shape[2]}, 2, rng), 2);
  std::vector<Variable<double>> inputs = {x};
  for (const auto& p : network.named_parameters()) {
    // Away from the symmetric start, so that few activations sit at 0.
    if (p.name.ends_with(".beta")) {
      p.variable.value().copy_from(random_tensor<double>(p.variable.shape(), rng));
    }
    inputs.push_back(p.variable);
  }
  const auto loss = make_loss<double>("cce");
  GradcheckOptions options;
  options.relative = 1e-5;
  const GradcheckResult result = gradcheck(
      name, inputs,
      [&] { return evaluate_losses<double>({loss.get()}, network.heads(x), labels).values; },
      options);
  CHECK_MESSAGE(result.failure.empty(), result.failure);
  MESSAGE(name, ": ", result.checked, " elements checked, ", result.excluded,
          " excluded at a kink");
}

}  // namespace

TEST_CASE("depth_for: the lowest level is 4 to 7 pixels wide, as nnU-Net plans it") {
  const std::vector<std::pair<Index, int>> expected = {{1, 1},   {7, 1},   {15, 1},  {16, 2},
                                                       {64, 4},  {127, 4}, {128, 5}, {192, 5},
                                                       {224, 5}, {256, 6}, {512, 7}, {4096, 8}};
  for (const std::pair<Index, int>& each : expected) {
    CAPTURE(each.first);
    CHECK(depth_for(each.first) == each.second);
  }
  NetworkSpec spec = network_spec("paper");
  spec.settings.set("depth", std::int64_t{0});
  const char* unknown =
      "[depth] got 0, expected >= 1 and <= 8. 0 is for programs, which know the images' size.";
  CHECK_THROWS_WITH_AS(make_network<float>(spec), unknown, ValueError);
  CHECK_THROWS_WITH_AS(parameter_count(spec), unknown, ValueError);
}

TEST_CASE("unet: the defaults of its options change neither names nor numbers") {
  UNetSpec spec;
  spec.depth = 2;
  spec.base_width = 4;
  const UNet<float> network(spec);
  CHECK(names_in(network).contains("dec1.bn.running_var"));
  CHECK(network.unet_spec().norm == NormKind::batch);
  UNetSpec instance = spec;
  instance.norm = NormKind::instance;
  const UNet<float> other(instance);
  // The same weights but for the normalisation's names and its running statistics.
  const auto own = network.named_tensors(), theirs = other.named_tensors();
  for (const auto& each : own) {
    const std::string& name = each.first;
    if (name.find("bn") != std::string::npos) continue;
    CHECK_MESSAGE(largest_difference(each.second, theirs.at(name)) == 0.0, name);
  }
  CHECK(theirs.contains("enc0.norm.gamma"));
  CHECK_FALSE(theirs.contains("enc0.norm.running_mean"));
  CHECK(network.parameter_count() == other.parameter_count());
}

TEST_CASE("unet: a width's limit holds for every level") {
  UNetSpec spec = small_unet(NormKind::batch, Activation::relu, Down::pool);
  spec.depth = 4;
  spec.max_width = 12;
  for (const LevelSpec& level : levels(spec)) CHECK(level.out <= 12);
  CHECK(levels(spec)[1].out == 8);
  CHECK(UNet<float>(spec).parameter_count() == parameter_count(spec));
}

TEST_CASE("unet: a strided convolution takes a pooling's place where there is one below") {
  UNetSpec spec = small_unet(NormKind::batch, Activation::relu, Down::stride);
  for (const LevelSpec& level : levels(spec)) CHECK_FALSE(level.pooled);
  CHECK(levels(spec)[0].blocks[0].stride == 1);
  CHECK(levels(spec)[1].blocks[0].stride == 2);
  CHECK(levels(spec)[1].blocks[1].stride == 1);
  CHECK(levels(spec)[2].blocks[0].stride == 2);  // the bottleneck
  spec.preset = kPaperUNet;                      // which has no convolution below the last level
  CHECK_FALSE(levels(spec)[0].pooled);
  CHECK(levels(spec)[1].pooled);
}

TEST_CASE("networks: training and evaluation for images of any size, with every option") {
  std::vector<std::unique_ptr<Network<float>>> all;
  for (const auto& norm : kNorms) {
    for (const auto& activation : kActivations) {
      for (const auto& down : kDowns) {
        UNetSpec spec = small_unet(norm.value, activation.value, down.value);
        all.push_back(std::make_unique<UNet<float>>(spec));
        spec.preset = kPaperUNet;
        all.push_back(std::make_unique<UNet<float>>(spec));
      }
    }
  }
  all.push_back(std::make_unique<ResidualUNet<float>>(small_residual()));
  all.push_back(std::make_unique<Cmunext<float>>(small_cmunext()));
  for (const auto& network : all) {
    CAPTURE(network->spec().name);
    for (const Shape& shape : {Shape{2, 5, 7, 1}, Shape{1, 8, 12, 1}, Shape{1, 13, 3, 1}}) {
      Rng rng(1);
      const Variable<float> x(random_tensor<float>(shape, rng), true);
      network->train(true);
      const Variable<float> y = network->forward(x);
      CHECK(y.shape() == shape.with(3, 2));
      y.backward(random_tensor<float>(y.shape(), rng));
      CHECK(std::isfinite(largest_magnitude(x.grad())));
      CHECK(largest_magnitude(x.grad()) > 0.0);
      network->train(false);
      const Tensor<float> on_tape = network->forward(x).value();
      const NoGrad no_grad;
      CHECK(largest_difference(on_tape, network->forward(x).value()) <
            1e-4 * (1.0 + largest_magnitude(on_tape)));
    }
  }
}

TEST_CASE("residual: the number of parameters by hand, and the names are stable") {
  // Base width 32, depth 4, one channel, two classes; a convolution k x k from a to b has k*k*a*b + b,
  // a norm 2c. Stem 3x3 1 -> 32: 320 + 64 = 384. A block a -> b: 9ab + b + 2b + 9bb + b + 2b, and
  // ab + 2b where projected:
  //   level 0, 32:        1 x 18,624 (32 -> 32)                              =     18,624
  //   level 1, 64:        57,856 (32 -> 64) + 2 x 74,112                     =    206,080
  //   level 2, 128:       230,400 (64 -> 128) + 3 x 295,680                  =  1,117,440
  //   level 3, 256:       919,552 (128 -> 256) + 5 x 1,181,184               =  6,825,472
  //   level 4, 512:       3,674,112 (256 -> 512) + 5 x 4,721,664             = 27,282,432
  // Decoders, up 4ab + b, then 3x3 of 2b to b: 18bb + b + 2b:
  //   256: 524,544 + 1,180,416;  128: 131,200 + 295,296;  64: 32,832 + 73,920;  32: 8,224 + 18,528
  //                                                                          =  2,264,960
  // Head 32 -> 2: 66.
  const NetworkSpec spec = network_spec("residual");
  CHECK(parameter_count(spec) ==
        384 + 18624 + 206080 + 1117440 + 6825472 + 27282432 + 2264960 + 66);
  const ResidualUNet<float> network(small_residual());
  const std::set<std::string> names = names_in(network);
  for (const char* name :
       {"stem.conv.weight", "stem.norm.gamma", "enc0.block0.conv1.bias", "enc1.block1.norm2.beta",
        "enc1.block0.project.weight", "enc1.block0.project_norm.gamma", "dec0.up.weight",
        "dec1.conv.weight", "dec0.norm.beta", "head.bias"}) {
    CHECK_MESSAGE(names.contains(name), name);
  }
  CHECK_FALSE(names.contains("enc1.block0.project.bias"));
  CHECK_FALSE(names.contains("enc0.block0.project.weight"));
  CHECK(network.parameter_count() == parameter_count(network.residual_spec()));
}

TEST_CASE("cmunext: the number of parameters is the published one, and the names are stable") {
  // Three channels, one class, as published (3.14 M, cut off); C channels in, D out of a level; a
  // convolution k x k from a to b has k*k*a*b + b, a norm 2c; batch norms counted with what they follow.
  //   stem 3 -> 16                      3*3*3*16 + 16 + 32                    =       480
  //   a large-kernel block, kernel k    k*k*C + 3C + (4CC + 12C) + (4CC + 3C) = 8CC + (k*k + 18)C
  //     2,480 (16, 3)  2,480 (16, 3)  10,336 (32, 7)  3 x 139,648 (128, 7)  215,520 (160, 7)
  //                                                                           =   649,760
  //   3x3 behind them, 9CD + 3D         2,352 + 4,704 + 37,248 + 184,800 + 369,408 = 598,512
  //   up, 9CD + 3D  (256 -> 160 -> 128 -> 32 -> 16)
  //                                     369,120 + 184,704 + 36,960 + 4,656    =   595,440
  //   fusion of D and D: 2(9DD + D) + 4D + (8DD + 12D) + (4DD + 3D) = 30DD + 21D
  //                                     771,360 + 494,208 + 31,392 + 8,016    = 1,304,976
  //   head 16 -> 1                                                            =        17
  NetworkSpec spec = network_spec("cmunext");
  CHECK(parameter_count(spec) == 3148914);  // one channel, two classes
  spec.in_channels = 3;
  CHECK(parameter_count(spec) - 17 == 480 + 649760 + 598512 + 595440 + 1304976 + 17);
  CHECK(480 + 649760 + 598512 + 595440 + 1304976 + 17 == 3149185);
  const Cmunext<float> network(small_cmunext());
  const std::set<std::string> names = names_in(network);
  for (const char* name :
       {"stem.conv.weight", "stem.bn.running_mean", "enc1.block1.depthwise.weight",
        "enc0.block0.bn1.gamma", "enc2.block0.expand.bias", "enc2.block0.reduce.weight",
        "enc1.conv.weight", "enc1.bn.beta", "dec1.up.weight", "dec0.up_bn.gamma",
        "dec0.fusion.skip.weight", "dec1.fusion.below.bias", "dec1.fusion.bn3.running_var",
        "head.bias"}) {
    CHECK_MESSAGE(names.contains(name), name);
  }
  CHECK(network.parameter_count() == parameter_count(network.cmunext_spec()));
}

TEST_CASE("networks: what of their settings cannot be is named") {
  const auto refusal = [](std::string_view network, std::string_view setting,
                          const Setting::Value& value) -> std::string {
    try {
      NetworkSpec spec = network_spec(network);
      spec.settings.set(setting, value);
      parameter_count(spec);
    } catch (const ValueError& problem) {
      return problem.what();
    }
    return "no error";
  };
  using List = std::vector<double>;
  CHECK(
      refusal("cmunext", "cmunext-widths", List{4, 8}) ==
      "[cmunext-widths] got 2 widths, 5 numbers of blocks and 5 kernels: expected 1 to 8 levels, as "
      "many of each.");
  CHECK(refusal("cmunext", "cmunext-kernels", List{3, 3, 4, 7, 7}) ==
        "[cmunext-kernels] got 4, expected odd numbers.");
  CHECK(refusal("cmunext", "cmunext-blocks", List{1, 1, 1.5, 3, 1}) ==
        "[cmunext-blocks] got 1.5, expected whole numbers.");
  CHECK(refusal("residual", "residual-blocks", List{}) ==
        "[residual-blocks] got none, expected one for each level or the last repeated.");
  CHECK(refusal("residual", "residual-blocks", List{2.5}) ==
        "[residual-blocks] got 2.5, expected whole numbers.");
  CHECK(refusal("residual", "residual-blocks", List{0}) ==
        "[residual-blocks] got 0, expected >= 1 and <= 64.");
  CHECK(refusal("paper", "norm", std::string("layer")) ==
        "[norm] got 'layer', expected batch, instance or group.");
  CHECK(refusal("paper", "down", std::string("mean")) ==
        "[down] got 'mean', expected pool or stride.");
  ResidualUNet<float> residual(small_residual());
  CHECK_THROWS_WITH_AS(residual.forward(Variable<float>(Tensor<float>::zeros(Shape{1, 8, 8, 3}))),
                       "[residual] x [1, 8, 8, 3]: expected [N, H, W, 1], none of them 0.",
                       ShapeError);
  Cmunext<float> cmunext(small_cmunext());
  CHECK_THROWS_WITH_AS(cmunext.forward(Variable<float>(Tensor<float>::zeros(Shape{1, 8, 8, 3}))),
                       "[cmunext] x [1, 8, 8, 3]: expected [N, H, W, 1], none of them 0.",
                       ShapeError);
  CHECK_THROWS_WITH_AS(cmunext.forward(Variable<float>(Tensor<float>::zeros(Shape{1, 4, 4, 1}))),
                       Contains("[enc2.block0.bn1] cannot normalise over one value"), ValueError);
}

TEST_CASE("gradients: small networks and U-Nets with other norms agree with central differences") {
  for (const auto& [norm, activation, down] :
       {std::tuple{NormKind::instance, Activation::leaky_relu, Down::stride},
        std::tuple{NormKind::group, Activation::gelu, Down::pool},
        std::tuple{NormKind::batch, Activation::leaky_relu, Down::pool}}) {
    UNetSpec spec = small_unet(norm, activation, down);
    spec.base_width = 2;
    spec.depth = 1;
    UNet<double> network(spec);
    check_gradients("unet " + name_of(kNorms, norm), network, {2, 8, 8, 1});
  }
  ResidualUNet<double> residual({.size = {.depth = 1, .base_width = 2}, .blocks = {1, 2}});
  check_gradients("residual", residual, {2, 8, 7, 1});
  UNetSpec spec = small_unet(NormKind::instance, Activation::leaky_relu, Down::pool);
  spec.base_width = 2;
  spec.deep_supervision = 1;
  UNet<double> supervised(spec);
  check_gradients("unet with two heads", supervised, {2, 8, 8, 1});
  spec.deep_supervision = 0;
  spec.depth = 1;
  spec.attention = true;
  UNet<double> gated(spec);
  check_gradients("unet with attention", gated, {2, 8, 8, 1});
  // Two levels: a batch norm over few values bends more than central differences can follow.
  Cmunext<double> cmunext({.widths = {2, 3}, .blocks = {1, 1}, .kernels = {3, 5}});
  check_gradients("cmunext", cmunext, {2, 8, 7, 1});
}

}  // namespace dmf
