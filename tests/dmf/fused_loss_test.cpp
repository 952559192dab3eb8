#include <doctest/doctest.h>

#include "dmf/fused_loss.h"
#include "losses/registry.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Approx;

FusedLoss<double> make(const std::string& auxiliary, std::size_t history = 1,
                       Reduction reduction = Reduction::batch) {
  std::vector<std::unique_ptr<Loss<double>>> losses;
  for (const char* name : {"cce", "mean_iou", "mean_dice"}) {
    losses.push_back(make_loss<double>(name));
  }
  FusionSpec spec;
  spec.history_size = history;
  return {std::move(losses), auxiliary == "none" ? nullptr : make_loss<double>(auxiliary), spec,
          reduction};
}

struct Step {
  Variable<double> logits;
  Labels labels;

  explicit Step(std::uint64_t seed) {
    Rng rng(seed);
    logits = Variable<double>(random_tensor<double>(Shape{2, 4, 4, 2}, rng, -2, 2), true);
    labels = Labels(random_labels(Shape{2, 4, 4}, 2, rng), 2);
  }
};

Tensor<double> gradient_of(const std::string& loss, const Step& step,
                           Reduction reduction = Reduction::batch) {
  step.logits.zero_grad();
  evaluate_loss(*make_loss<double>(loss), step.logits, step.labels, reduction).backward();
  const Tensor<double> gradient = step.logits.grad();
  step.logits.zero_grad();
  return gradient;
}

}  // namespace

TEST_CASE("fused loss: the products of the losses' own gradients, without touching the graph") {
  // Of sums alone, with one loss of each pixel, with a loss of both.
  for (const std::string auxiliary : {"focal", "lovasz_softmax", "0.5*squared_dice+mcc"})
    for (const Reduction reduction : {Reduction::batch, Reduction::image}) {
      FusedLoss<double> fused = make(auxiliary, 1, reduction);
      const Step step(3);
      const auto values = fused.values({step.logits}, step.labels, WithGradients::yes);
      CHECK_FALSE(step.logits.grad().defined());
      const StepWeights weighed = fused.weigh(values, true);
      REQUIRE(weighed.gradients.has_value());
      std::vector<Tensor<double>> gradients;
      for (const std::string& name :
           {std::string("cce"), std::string("mean_iou"), std::string("mean_dice"), auxiliary}) {
        gradients.push_back(gradient_of(name, step, reduction));
      }
      REQUIRE(weighed.gradients->losses() == gradients.size());
      for (std::size_t i = 0; i < gradients.size(); ++i) {
        for (std::size_t j = 0; j < gradients.size(); ++j) {
          double product = 0.0;
          for (Index k = 0; k < gradients[i].numel(); ++k) {
            product += gradients[i].data()[k] * gradients[j].data()[k];
          }
          CHECK((*weighed.gradients)(i, j) == Approx(product).epsilon(1e-12));
        }
      }
      values.values.backward(Tensor<double>::full(values.values.shape(), 1.0));
      CHECK(step.logits.grad().defined());
    }
}

TEST_CASE("gram: lengths and cosines; a loss without a gradient has cosine 0 with every other") {
  Gram gram(3);
  gram(0, 0) = 4.0;
  gram(1, 1) = 9.0;
  gram(0, 1) = gram(1, 0) = -3.0;
  CHECK(gram.norm(0) == 2.0);
  CHECK(gram.cosine(0, 1) == -0.5);
  CHECK(gram.norm(2) == 0.0);
  CHECK(gram.cosine(0, 2) == 0.0);
  CHECK(gram.first(2).losses() == 2);
  CHECK(gram.first(2)(0, 1) == -3.0);
}

// eq. (1)
TEST_CASE("fused loss: its gradient is the weighted sum of the parts' gradients") {
  FusedLoss<double> fused = make("tversky");
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Step step(seed);
    const auto result = fused.step(step.logits, step.labels);
    result.total.backward();
    const Tensor<double> whole = step.logits.grad();
    Tensor<double> sum = Tensor<double>::zeros(whole.shape());
    const auto add = [&](const std::string& name, double weight) {
      const Tensor<double> part = gradient_of(name, step);
      for (Index i = 0; i < sum.numel(); ++i) sum.data()[i] += weight * part.data()[i];
    };
    add("cce", result.factors[0]);
    add("mean_iou", result.factors[1]);
    add("mean_dice", result.factors[2]);
    add("tversky", result.factors[3]);
    CHECK(largest_difference(whole, sum) < 1e-14);
    double total = 0.0;
    for (std::size_t k = 0; k < 4; ++k) total += result.factors[k] * result.values[k];
    CHECK(result.total.value().item() == Approx(total).epsilon(1e-14));
  }
}

TEST_CASE("fused loss: evaluation uses the weights as they stand and changes nothing") {
  FusedLoss<double> fused = make("cb_dice");
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Step step(seed);
    fused.step(step.logits, step.labels);
  }
  const FusionState before = fused.fusion().state();
  const Step step(9);
  const auto result = fused.evaluate(step.logits, step.labels);
  CHECK(std::vector(result.factors.begin(), result.factors.end() - 1) == before.weights);
  const FusionState after = fused.fusion().state();
  CHECK(after.step == before.step);
  CHECK(after.history == before.history);
  CHECK(after.weights == before.weights);
}

TEST_CASE("fused loss: without an auxiliary gamma plays no part; names are the registry's") {
  FusedLoss<double> fused = make("none");
  const Step step(1);
  const auto result = fused.step(step.logits, step.labels);
  CHECK(result.values.size() == 3);
  CHECK(result.factors.size() == 3);
  CHECK(fused.names() == std::vector<std::string>{"cce", "mean_iou", "mean_dice"});
  CHECK(make("focal").names().back() == "auxiliary_focal");
}

TEST_CASE("fused loss: a value that is not finite fails the step, naming the loss") {
  FusedLoss<double> fused = make("focal");
  const Step step(1);
  step.logits.value().data()[0] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(fused.step(step.logits, step.labels),
                       doctest::Contains("'focal' is nan at step 0"), NumericError);
}

TEST_CASE("fused loss: the losses after an update are the base losses', without the auxiliary") {
  std::vector<std::unique_ptr<Loss<double>>> losses;
  losses.push_back(make_loss<double>("cce"));
  losses.push_back(make_loss<double>("mean_dice"));
  FusionSpec spec;
  spec.weighting = "famo";
  FusedLoss<double> fused(std::move(losses), make_loss<double>("focal"), spec);
  Fusion alone({.losses = {"cce", "mean_dice"}, .weighting = "famo"});
  const Step before(1), after(2);
  const auto base = [](const std::vector<double>& values) {
    return std::vector(values.begin(), values.end() - 1);
  };
  const std::vector<double> first = fused.step(before.logits, before.labels).values;
  const auto changed = fused.values({after.logits}, before.labels, WithGradients::no);
  fused.losses_after(changed);
  alone.step(base(first));
  alone.losses_after(
      base({changed.values.value().span().begin(), changed.values.value().span().end()}));
  const auto second = fused.step(before.logits, before.labels);
  CHECK(base(second.factors) == alone.step(base(first)).weights);
  CHECK(base(second.factors) != std::vector{0.5, 0.5});
}

}  // namespace dmf
