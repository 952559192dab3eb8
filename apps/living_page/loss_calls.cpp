#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "apps/living_page/calls.h"
#include "dmf/loss_products.h"
#include "engine/core/check.h"
#include "engine/ops/softmax.h"
#include "losses/evaluate.h"
#include "losses/kinds/soft_sums.h"
#include "losses/metrics/metrics.h"
#include "losses/registry.h"
#include "tests/support/gradcheck.h"

namespace dmf {
namespace {

constexpr Index kClasses = 2;

/// What was painted, as a loss takes it.
struct Painted {
  std::vector<Variable<double>> logits;  // one
  PixelLabels<double> labels;
};

Tensor<std::int32_t> classes_of(int height, int width, const double* labels) {
  Tensor<std::int32_t> classes(Shape{1, height, width});
  std::transform(labels, labels + classes.numel(), classes.data(),
                 [](double label) { return static_cast<std::int32_t>(label); });
  return classes;
}

Painted painted(int height, int width, const double* logits, const double* labels, int soft) {
  const Shape shape{1, height, width, kClasses};
  Painted made;
  const std::span numbers(logits, static_cast<std::size_t>(shape.numel()));
  made.logits.emplace_back(Tensor<double>::from(numbers, shape), true);
  if (soft == 0) {
    made.labels = Labels(classes_of(height, width, labels), kClasses);
    return made;
  }
  Tensor<double> probabilities(shape);
  for (Index i = 0; i < shape.numel() / kClasses; ++i) {
    probabilities.data()[i * kClasses] = 1.0 - labels[i];
    probabilities.data()[i * kClasses + 1] = labels[i];
  }
  made.labels = probabilities;
  return made;
}

void copy(const Tensor<double>& from, double* to) {
  std::copy_n(from.data(), from.numel(), to);
}

std::vector<std::unique_ptr<Loss<double>>> losses_named(std::string_view names) {
  std::vector<std::unique_ptr<Loss<double>>> made;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(','), names.size());
    made.push_back(make_loss<double>(names.substr(0, end)));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return made;
}

const LossEntry* entry_at(int place) {
  const auto at = static_cast<std::size_t>(place);
  return at < losses().size() ? &losses()[at] : nullptr;
}

}  // namespace

std::string& living_message() {
  static std::string message;
  return message;
}

}  // namespace dmf

using namespace dmf;

const char* living_error() {
  return living_message().c_str();
}

// The table's texts are literals, which end with a zero.
const char* living_loss_name(int place) {
  const LossEntry* entry = entry_at(place);
  return entry == nullptr ? nullptr : entry->name.data();
}

const char* living_loss_help(int place) {
  const LossEntry* entry = entry_at(place);
  return entry == nullptr ? nullptr : entry->help.data();
}

int living_loss(const char* loss, int height, int width, const double* logits, const double* labels,
                int soft, double* value, double* gradient) {
  return guarded([&] {
    const Painted at = painted(height, width, logits, labels, soft);
    const Variable<double> result =
        evaluate_loss(*make_loss<double>(loss), at.logits[0], at.labels);
    result.backward();
    *value = result.value().item();
    copy(at.logits[0].grad(), gradient);
  });
}

int living_counts(int height, int width, const double* logits, const double* labels, int soft,
                  double* counts) {
  return guarded([&] {
    const Painted at = painted(height, width, logits, labels, soft);
    const PixelSumsRequest request;
    copy(soft != 0 ? soft_pixel_sums(at.logits[0], at.labels.soft, request).row.value()
                   : pixel_sums(at.logits[0], at.labels.hard, request).row.value(),
         counts);
  });
}

int living_cosines(const char* losses, int height, int width, const double* logits,
                   const double* labels, int soft, double* cosines) {
  return guarded([&] {
    const Painted at = painted(height, width, logits, labels, soft);
    const auto owned = losses_named(losses);
    std::vector<const Loss<double>*> all;
    for (const auto& loss : owned) all.push_back(loss.get());
    const LossValues<double> values =
        evaluate_losses<double>(all, at.logits[0], at.labels, Reduction::batch, WithGradients::yes);
    const Gram gram = products_at_logits(values.gradients);
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < all.size(); ++j) cosines[i * all.size() + j] = gram.cosine(i, j);
    }
  });
}

int living_gradcheck(const char* loss, int height, int width, const double* logits,
                     const double* labels, int soft, double* analytic, double* numeric,
                     double* summary) {
  return guarded([&] {
    Painted at = painted(height, width, logits, labels, soft);
    const auto made = make_loss<double>(loss);
    const GradcheckResult result =
        gradcheck(loss, at.logits, [&] { return evaluate_loss(*made, at.logits[0], at.labels); });
    if (!result.analytic.empty()) copy(result.analytic[0], analytic);
    if (!result.numeric.empty()) copy(result.numeric[0], numeric);
    summary[0] = static_cast<double>(result.checked);
    summary[1] = static_cast<double>(result.excluded);
    summary[2] = result.cotangent.item();
    DMF_CHECK(result.failure.empty(), NumericError, "{}", result.failure);
  });
}

int living_argmax_loss(int height, int width, const double* logits, const double* labels,
                       double* value) {
  return guarded([&] {
    const Tensor<std::int32_t> truth = classes_of(height, width, labels);
    ConfusionMatrix confusion(kClasses);
    for (Index i = 0; i < truth.numel(); ++i) {
      confusion.add_count(truth.data()[i], logits[2 * i + 1] > logits[2 * i] ? 1 : 0, 1);
    }
    *value = 1.0 - score(confusion, 1e-7)["dice"].mean;
  });
}
