#include <doctest/doctest.h>

#include <cmath>

#include "dmf/fused_loss.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "losses/registry.h"
#include "tests/support/random_tensor.h"
#include "tests/support/rule_steps.h"

// At the logits of two classes with hard labels each of the paper's six losses has a gradient that
// raises the labelled class's logit and lowers the other's, at every pixel: no two of them can
// conflict. Rules that only resolve conflicts have nothing to do there. (Not so the losses of
// distances and of smoothed labels, which push the other way where a prediction is too sure.)

namespace dmf {
namespace {

using doctest::Approx;

/// The products of the six losses' gradients at random logits, some nearly sure, with random labels.
Gram random_gram(std::uint64_t seed) {
  std::vector<std::unique_ptr<Loss<double>>> all;
  std::vector<const Loss<double>*> pointers;
  for (const char* name : {"cce", "mean_iou", "mean_dice", "focal", "tversky", "cb_dice"}) {
    all.push_back(make_loss<double>(name));
    pointers.push_back(all.back().get());
  }
  Rng rng(seed);
  const double reach = seed % 3 == 0 ? 8.0 : 2.0;
  const Variable<double> logits(random_tensor<double>(Shape{2, 4, 4, 2}, rng, -reach, reach), true);
  const Labels labels(random_labels(Shape{2, 4, 4}, 2, rng), 2);
  const LossValues<double> values =
      evaluate_losses(pointers, logits, labels, seed % 2 == 0 ? Reduction::batch : Reduction::image,
                      WithGradients::yes);
  return products_at_logits(values.gradients);
}

Row weights(const std::string& rule, const std::vector<Gram>& gradients) {
  const std::size_t K = gradients[0].losses();
  return trajectory(published(rule, K), weighting_rules(),
                    std::vector<Row>(gradients.size(), Row(K, 1.0)), gradients)
      .back();
}

}  // namespace

TEST_CASE(
    "conflicts: at the logits of two classes with hard labels no two losses' gradients conflict, "
    "so pcgrad is the sum, upgrad and dualproj the mean, and gradvac's first step the sum") {
  double least = 1.0, largest_move = 0.0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Gram gram = random_gram(seed);
    const std::size_t K = gram.losses();
    for (std::size_t i = 0; i < K; ++i) {
      CHECK(gram.norm(i) > 0.0);
      for (std::size_t j = 0; j < K; ++j) least = std::min(least, gram.cosine(i, j));
    }
    const Row ones(K, 1.0), mean(K, 1.0 / static_cast<double>(K));
    CHECK(weights("pcgrad", {gram}) == ones);
    CHECK(weights("gradvac", {gram}) == ones);
    CHECK(weights("upgrad", {gram}) == mean);
    CHECK(weights("dualproj", {gram}) == mean);
    // From its second step on gradvac asks for the cosines of before, and moves.
    const Row second = weights("gradvac", {gram, random_gram(seed + 1)});
    for (const double w : second) largest_move = std::max(largest_move, std::abs(w - 1.0));
  }
  CHECK(least > 0.0);
  CHECK(largest_move > 0.01);
}

TEST_CASE("conflicts: with soft labels two losses do pull against each other at the logits") {
  // Pixels of .6 and .5 lesion, predicted as .75: cross-entropy pulls back to these, while the Dice of
  // the lesion rises with every pixel that is more lesion than half the Dice, and pulls on to 1.
  const Tensor<double> soft =
      Tensor<double>::from(std::vector<double>{.4, .6, .5, .5}, Shape{1, 1, 2, 2});
  const Variable<double> logits(
      Tensor<double>::from(std::vector<double>{0, std::log(3.0), 0, std::log(3.0)}, soft.shape()));
  Settings lesion_only = loss_settings();
  lesion_only.set("exclude-background", true);
  const auto cce = make_loss<double>("cce"), dice = make_loss<double>("mean_dice", lesion_only);
  const auto values = evaluate_losses<double>({cce.get(), dice.get()}, logits, soft,
                                              Reduction::batch, WithGradients::yes);
  CHECK(products_at_logits(values.gradients).cosine(0, 1) < 0.0);
}

}  // namespace dmf
