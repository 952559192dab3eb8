#include <doctest/doctest.h>

#include <cmath>

#include "dmf/gram_rules/weighting_rules.h"
#include "dmf/training_step.h"
#include "engine/core/check.h"
#include "layers/networks/networks.h"
#include "losses/registry.h"
#include "tests/support/random_tensor.h"
#include "tests/support/rule_steps.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

const std::vector<std::string> kNames = {"cce", "mean_dice", "focal"};

template <class S>
std::unique_ptr<Network<S>> small_network(std::uint64_t seed = 1) {
  NetworkSpec spec = network_spec("classic");
  spec.seed = seed;
  spec.settings.set("depth", std::int64_t{1});
  spec.settings.set("base-width", std::int64_t{2});
  return make_network<S>(spec, Device::cpu());
}

template <class S>
FusedLoss<S> fused_at(GradientsAt at, const std::string& weighting = "fixed",
                      const std::vector<std::string>& names = kNames) {
  std::vector<std::unique_ptr<Loss<S>>> losses;
  Settings settings = loss_settings();
  settings.set("exclude-background", true);
  for (const std::string& name : names) losses.push_back(make_loss<S>(name, settings));
  FusionSpec spec;
  spec.weighting = weighting;
  return FusedLoss<S>(std::move(losses), nullptr, spec, Reduction::batch, at);
}

template <class S>
TrainingStep<S> step_on(std::uint64_t seed) {
  Rng rng(seed);
  TrainingStep<S> step;
  step.images = random_tensor<S>(Shape{2, 8, 8, 1}, rng);
  step.labels = Labels(random_labels(Shape{2, 8, 8}, 2, rng), 2);
  return step;
}

/// The gradient of each loss by itself, from a forward pass of its own, of parameters whose names
/// begin so.
std::vector<std::vector<double>> gradients_one_by_one(Network<double>& network,
                                                      const TrainingStep<double>& step,
                                                      const std::string& prefix) {
  std::vector<std::vector<double>> all;
  Settings settings = loss_settings();
  settings.set("exclude-background", true);
  for (const std::string& name : kNames) {
    evaluate_loss(*make_loss<double>(name, settings), network.logits(step.images), step.labels)
        .backward();
    std::vector<double>& own = all.emplace_back();
    for (const auto& parameter : network.named_parameters()) {
      if (parameter.name.starts_with(prefix)) {
        own.insert(own.end(), parameter.variable.grad().span().begin(),
                   parameter.variable.grad().span().end());
      }
      parameter.variable.zero_grad();
    }
  }
  return all;
}

}  // namespace

TEST_CASE("products of gradients at parameters: as of each loss by itself, and nothing stays") {
  const auto network = small_network<double>();
  for (const GradientsAt at : {GradientsAt::parameters, GradientsAt::last_layer}) {
    FusedLoss<double> loss = fused_at<double>(at, "mgda");
    TrainingStep<double> step = step_on<double>(3);
    step.forward(*network, loss, WithGradients::yes);
    REQUIRE(step.gradients.has_value());
    for (const auto& p : network->named_parameters()) CHECK(!p.variable.grad().defined());
    const auto wanted =
        gradients_one_by_one(*network, step, at == GradientsAt::parameters ? "" : "head.");
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      for (std::size_t j = 0; j < kNames.size(); ++j) {
        double product = 0.0;
        for (std::size_t p = 0; p < wanted[i].size(); ++p) product += wanted[i][p] * wanted[j][p];
        CHECK((*step.gradients)(i, j) == Approx(product).epsilon(1e-9));
      }
    }
    CHECK_THROWS_WITH_AS(loss.step(network->logits(step.images), step.labels),
                         Contains("a step on logits sees no parameters"), ValueError);
  }
}

TEST_CASE("products of gradients at parameters: the step itself keeps its bits") {
  std::vector<std::vector<float>> gradients;
  for (const GradientsAt at :
       {GradientsAt::logits, GradientsAt::parameters, GradientsAt::last_layer}) {
    const auto network = small_network<float>();
    FusedLoss<float> loss = fused_at<float>(at);
    TrainingStep<float> step = step_on<float>(4);
    step.forward(*network, loss, WithGradients::yes);
    step.weigh(loss);
    step.backward();
    std::vector<float>& all = gradients.emplace_back();
    for (const auto& p : network->named_parameters()) {
      all.insert(all.end(), p.variable.grad().span().begin(), p.variable.grad().span().end());
    }
  }
  CHECK(gradients[0] == gradients[1]);
  CHECK(gradients[0] == gradients[2]);
}

TEST_CASE("products of gradients at parameters: losses that never conflict at the logits do here") {
  // One loss wants fewer false positives, the other fewer false negatives of the lesion: each pixel's
  // logits are pulled by one of them alone, as its label says, but what all pixels share, as the last
  // layer's bias, is pulled both ways.
  const std::vector<std::string> names = {"fp/(n+1)", "fn/(n+1)"};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto network = small_network<double>(seed);
    TrainingStep<double> step = step_on<double>(seed);
    const auto gram_at = [&](GradientsAt at) {
      FusedLoss<double> loss = fused_at<double>(at, "pcgrad", names);
      step.forward(*network, loss, WithGradients::yes);
      return at == GradientsAt::logits ? products_at_logits(step.values.gradients)
                                       : *step.gradients;
    };
    const auto pcgrad = [](const Gram& gram) {
      return trajectory(published("pcgrad", 2), weighting_rules(), {Row(2, 1.0)}, {gram}).back();
    };
    CHECK(gram_at(GradientsAt::logits).cosine(0, 1) == 0.0);
    CHECK(pcgrad(gram_at(GradientsAt::logits)) == Row(2, 1.0));
    const Gram last = gram_at(GradientsAt::last_layer);
    CHECK(last.cosine(0, 1) < 0.0);
    CHECK(pcgrad(last)[0] > 1.0);
  }
}

}  // namespace dmf
