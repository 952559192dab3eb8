#include <doctest/doctest.h>

#include "dmf/fused_loss.h"
#include "losses/registry.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Approx;

FusedLoss<double> make(const std::string& auxiliary, std::size_t history = 1) {
  std::vector<std::unique_ptr<Loss<double>>> losses;
  for (const char* name : {"cce", "mean_iou", "mean_dice"})
    losses.push_back(make_loss<double>(name, {}));
  FusionSpec spec;
  spec.history_size = history;
  return {std::move(losses), auxiliary == "none" ? nullptr : make_loss<double>(auxiliary, {}),
          spec};
}

struct Step {
  Variable<double> logits;
  Tensor<std::int32_t> labels;

  explicit Step(std::uint64_t seed) {
    Rng rng(seed);
    logits = Variable<double>(random_tensor<double>(Shape{2, 4, 4, 2}, rng, -2, 2), true);
    labels = random_labels(Shape{2, 4, 4}, 2, rng);
  }
};

Tensor<double> gradient_of(const Loss<double>& loss, const Step& step) {
  step.logits.zero_grad();
  Prediction<double> prediction(step.logits, step.labels);
  loss(prediction).backward();
  const Tensor<double> gradient = step.logits.grad();
  step.logits.zero_grad();
  return gradient;
}

}  // namespace

TEST_CASE("fused loss: the norm of each loss's own gradient, without touching the graph") {
  const FusedLoss<double> fused = make("focal");
  const Step step(3);
  Prediction<double> prediction(step.logits, step.labels);
  const std::vector<double> norms = fused.gradient_norms(prediction);
  CHECK_FALSE(step.logits.grad().defined());
  std::size_t k = 0;
  for (const char* name : {"cce", "mean_iou", "mean_dice", "focal"}) {
    double squares = 0.0;
    for (const double g : gradient_of(*make_loss<double>(name, {}), step).span()) squares += g * g;
    CHECK(norms[k++] == Approx(std::sqrt(squares)).epsilon(1e-14));
  }
  CHECK(norms.size() == k);
}

TEST_CASE("fused loss: its gradient is the weighted sum of the parts' gradients") {
  FusedLoss<double> fused = make("tversky");
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Step step(seed);
    Prediction<double> prediction(step.logits, step.labels);
    const auto result = fused.step(prediction);
    result.total.backward();
    const Tensor<double> whole = step.logits.grad();
    Tensor<double> sum = Tensor<double>::zeros(whole.shape());
    const auto add = [&](const std::string& name, double weight) {
      const Tensor<double> part = gradient_of(*make_loss<double>(name, {}), step);
      for (Index i = 0; i < sum.numel(); ++i) sum.data()[i] += weight * part.data()[i];
    };
    add("cce", result.weights[0]);
    add("mean_iou", result.weights[1]);
    add("mean_dice", result.weights[2]);
    add("tversky", result.gamma);
    CHECK(largest_difference(whole, sum) < 1e-14);
    double total = result.gamma * result.auxiliary;
    for (std::size_t k = 0; k < 3; ++k) total += result.weights[k] * result.losses[k];
    CHECK(result.total.value().item() == Approx(total).epsilon(1e-14));
  }
}

TEST_CASE("fused loss: evaluation uses the weights as they stand and changes nothing") {
  FusedLoss<double> fused = make("cb_dice");
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const Step step(seed);
    Prediction<double> prediction(step.logits, step.labels);
    fused.step(prediction);
  }
  const FusionState before = fused.fusion().state();
  const Step step(9);
  Prediction<double> prediction(step.logits, step.labels);
  const auto result = fused.evaluate(prediction);
  CHECK(result.weights == before.weights);
  const FusionState after = fused.fusion().state();
  CHECK(after.step == before.step);
  CHECK(after.history == before.history);
  CHECK(after.weights == before.weights);
}

TEST_CASE("fused loss: without an auxiliary gamma plays no part; names are the registry's") {
  FusedLoss<double> fused = make("none");
  const Step step(1);
  Prediction<double> prediction(step.logits, step.labels);
  const auto result = fused.step(prediction);
  CHECK(result.gamma == 0.0);
  CHECK(result.auxiliary == 0.0);
  CHECK(fused.auxiliary_name() == "none");
  CHECK(fused.loss_names() == std::vector<std::string>{"cce", "mean_iou", "mean_dice"});
}

TEST_CASE("fused loss: a value that is not finite fails the step, naming the loss") {
  FusedLoss<double> fused = make("focal");
  const Step step(1);
  step.logits.value().data()[0] = std::numeric_limits<double>::quiet_NaN();
  Prediction<double> prediction(step.logits, step.labels);
  CHECK_THROWS_WITH_AS(fused.step(prediction), doctest::Contains("'focal' is nan at step 0"),
                       std::domain_error);
}

}  // namespace dmf
