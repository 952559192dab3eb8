#include <doctest/doctest.h>

#include "dmf/training_step.h"
#include "engine/core/errors.h"
#include "engine/ops/reduce.h"
#include "layers/networks/networks.h"
#include "losses/registry.h"
#include "tests/support/random_tensor.h"

// Deep supervision: heads on the levels below the image's size, and what their losses come to.

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

/// One small network of every kind, of three levels that decode, with so many heads below the first.
std::vector<NetworkSpec> specs_with(std::int64_t deep) {
  std::vector<NetworkSpec> specs;
  for (const NetworkEntry& entry : networks()) {
    NetworkSpec spec = network_spec(entry.name);
    const auto set = [&spec](const char* name, const Setting::Value& value) {
      if (spec.settings.knows(name)) spec.settings.set(name, value);
    };
    set("depth", std::int64_t{3});
    set("base-width", std::int64_t{2});
    set("residual-blocks", std::vector<double>{1});
    set("cmunext-widths", std::vector<double>{2, 3, 4, 5});
    set("cmunext-blocks", std::vector<double>{1, 0, 0, 1});
    set("cmunext-kernels", std::vector<double>{3, 3, 3, 3});
    set("deep-supervision", deep);
    specs.push_back(spec);
  }
  return specs;
}

template <class S>
Variable<S> images(const Shape& shape, std::uint64_t seed = 1) {
  Rng rng(seed);
  return Variable<S>(random_tensor<S>(shape, rng));
}

std::vector<std::unique_ptr<Loss<double>>> two_losses() {
  std::vector<std::unique_ptr<Loss<double>>> losses;
  for (const char* name : {"cce", "mean_dice"}) {
    losses.push_back(make_loss<double>(name, loss_settings()));
  }
  return losses;
}

FusedLoss<double> fused(const std::string& weighting) {
  FusionSpec spec;
  spec.weighting = weighting;
  return {two_losses(), nullptr, spec};
}

Labels random_hard_labels(const Shape& shape, std::uint64_t seed = 7) {
  Rng rng(seed);
  return Labels(random_labels(shape, 2, rng), 2);
}

}  // namespace

TEST_CASE("heads: the first is what it was, those below come in order, at the image's size") {
  const std::vector<NetworkSpec> plain = specs_with(0), deep = specs_with(2);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CAPTURE(plain[i].name);
    const auto one = make_network<float>(plain[i]);
    const auto three = make_network<float>(deep[i]);
    CHECK(three->parameter_count() == parameter_count(deep[i]));
    const auto own = one->named_tensors();
    std::vector<std::string> new_names;
    for (const auto& each : three->named_tensors()) {
      if (!own.contains(each.first)) {
        new_names.push_back(each.first);
      } else {
        CHECK_MESSAGE(largest_difference(each.second, own.at(each.first)) == 0.0, each.first);
      }
    }
    CHECK(new_names ==
          std::vector<std::string>{"deep1.bias", "deep1.weight", "deep2.bias", "deep2.weight"});
    for (const Shape& shape : {Shape{2, 8, 8, 1}, Shape{2, 13, 9, 1}}) {
      one->train(true);
      three->train(true);
      CHECK(one->heads(images<float>(shape)).size() == 1);
      const std::vector<Variable<float>> logits = three->heads(images<float>(shape));
      REQUIRE(logits.size() == 3);
      for (const Variable<float>& each : logits) CHECK(each.shape() == shape.with(3, 2));
      const Tensor<float> first = one->forward(images<float>(shape)).value();
      CHECK(largest_difference(logits[0].value(), first) == 0.0);
      CHECK(largest_difference(three->forward(images<float>(shape)).value(), first) == 0.0);
      CHECK(largest_difference(logits[1].value(), logits[2].value()) > 0.0);
    }
  }
}

TEST_CASE("heads: a head sees its own level, scaled up to the image") {
  for (const NetworkSpec& spec : specs_with(2)) {
    CAPTURE(spec.name);
    const auto network = make_network<float>(spec);
    const auto tensors = network->named_tensors();
    tensors.at("deep2.weight").fill(0.0f);
    tensors.at("deep2.bias")
        .copy_from(Tensor<float>::from(std::vector<float>{3.0f, -5.0f}, Shape{2}));
    const Tensor<float> lowest = network->heads(images<float>(Shape{2, 16, 8, 1}))[2].value();
    for (Index i = 0; i < lowest.numel(); ++i) {
      CHECK(lowest.data()[i] == Approx(i % 2 == 0 ? 3.0 : -5.0));
    }
  }
}

TEST_CASE("heads: their losses are one mean, at half the weight from level to level") {
  const Labels labels = random_hard_labels(Shape{2, 4, 4});
  std::vector<Variable<double>> heads;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    heads.emplace_back(images<double>(Shape{2, 4, 4, 2}, seed).value(), true);
  }
  const auto losses = two_losses();
  const std::vector<const Loss<double>*> handles = {losses[0].get(), losses[1].get()};
  const auto values = [&](const std::vector<Variable<double>>& some) {
    return evaluate_losses(handles, some, labels, Reduction::batch, WithGradients::yes);
  };
  const auto all = values(heads);
  for (Index k = 0; k < 2; ++k) {
    const auto of = [&](std::size_t h) { return values({heads[h]}).values.value().data()[k]; };
    CHECK(all.values.value().data()[k] ==
          Approx((4.0 * of(0) + 2.0 * of(1) + of(2)) / 7.0).epsilon(1e-12));
    CHECK(values({heads[0], heads[1]}).values.value().data()[k] ==
          Approx((2.0 * of(0) + of(1)) / 3.0).epsilon(1e-12));
  }
  // Of one head not a bit changes.
  CHECK(largest_difference(values({heads[0]}).values.value(),
                           evaluate_losses(handles, heads[0], labels).values.value()) == 0.0);
  // Products over all logits, by each loss's own backward pass.
  const Gram gram = products_at_logits(all.gradients);
  std::vector<std::vector<double>> gradients;
  for (Index k = 0; k < 2; ++k) {
    section(all.values, k, Shape{1}).backward(RetainGraph::yes);
    std::vector<double>& own = gradients.emplace_back();
    for (Variable<double>& head : heads) {
      own.insert(own.end(), head.grad().span().begin(), head.grad().span().end());
      head.zero_grad();
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) {
      double product = 0.0;
      for (std::size_t p = 0; p < gradients[i].size(); ++p)
        product += gradients[i][p] * gradients[j][p];
      CHECK(gram(i, j) == Approx(product).epsilon(1e-10));
    }
  }
  CHECK_THROWS_WITH_AS(values({}), "[loss] no heads: expected the logits of at least one.",
                       ValueError);
}

TEST_CASE("heads: a training step's objective is theirs, and reaches every parameter") {
  for (const NetworkSpec& spec : specs_with(2)) {
    CAPTURE(spec.name);
    const auto network = make_network<double>(spec);
    FusedLoss<double> loss = fused("mgda");
    TrainingStep<double> step;
    step.images = images<double>(Shape{2, 16, 16, 1}).value();
    step.labels = random_hard_labels(Shape{2, 16, 16});
    step.forward(*network, loss, WithGradients::yes);
    const StepWeights weights = step.weigh(loss);
    step.backward();
    CHECK(weights.gradients.has_value());
    for (const auto& p : network->named_parameters()) {
      CHECK_MESSAGE(p.variable.grad().defined(), p.name);
    }
  }
}

TEST_CASE("heads: no more of them than levels that decode, without the lowest") {
  for (const NetworkSpec& spec : specs_with(7)) {  // of three levels, 16 x 16 and above
    CAPTURE(spec.name);
    const auto network = make_network<float>(spec);
    CHECK(network->heads(images<float>(Shape{2, 16, 16, 1})).size() == 3);
    CHECK(network->parameter_count() == parameter_count(spec));
  }
  NetworkSpec flat = network_spec("cmunext");  // a single level, which only encodes
  flat.settings.set("cmunext-widths", std::vector<double>{4});
  flat.settings.set("cmunext-blocks", std::vector<double>{1});
  flat.settings.set("cmunext-kernels", std::vector<double>{3});
  flat.settings.set("deep-supervision", std::int64_t{3});
  const auto network = make_network<float>(flat);
  const std::vector<Variable<float>> logits = network->heads(images<float>(Shape{2, 5, 3, 1}));
  REQUIRE(logits.size() == 1);
  CHECK(logits[0].shape() == Shape{2, 5, 3, 2});
  CHECK(network->parameter_count() == parameter_count(flat));
}

}  // namespace dmf
