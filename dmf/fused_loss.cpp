#include "dmf/fused_loss.h"

#include <cmath>
#include <iterator>

#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/check.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"

namespace dmf {
namespace {

template <class S>
FusionSpec with_names(FusionSpec spec, const std::vector<std::unique_ptr<Loss<S>>>& losses) {
  spec.losses.clear();
  for (const auto& loss : losses) spec.losses.push_back(loss->name());
  return spec;
}

template <class S>
std::vector<double> on_cpu(const LossValues<S>& values) {
  const Tensor<S> tensor = values.values.value().to(Device::cpu());
  return {tensor.span().begin(), tensor.span().end()};
}

}  // namespace

template <class S>
Variable<S> objective(const LossValues<S>& values, const Tensor<S>& factors) {
  return sum(values.values * Variable<S>(factors));
}

template <class S>
FusedLoss<S>::FusedLoss(std::vector<std::unique_ptr<Loss<S>>> losses,
                        std::unique_ptr<Loss<S>> auxiliary, FusionSpec spec, Reduction reduction,
                        GradientsAt gradients_at)
    : losses_(std::move(losses)),
      has_auxiliary_(auxiliary != nullptr),
      reduction_(reduction),
      gradients_at_(gradients_at),
      fusion_(with_names(std::move(spec), losses_), weighting_rules()) {
  if (has_auxiliary_) losses_.push_back(std::move(auxiliary));
}

template <class S>
WithGradients FusedLoss<S>::needs_gradients() const {
  return fusion_.needs().gradients ? WithGradients::yes : WithGradients::no;
}

template <class S>
LossValues<S> FusedLoss<S>::values(const std::vector<Variable<S>>& heads,
                                   const PixelLabels<S>& labels, WithGradients gradients) const {
  std::vector<const Loss<S>*> all;
  for (const auto& loss : losses_) all.push_back(loss.get());
  return evaluate_losses(all, heads, labels, reduction_, gradients);
}

template <class S>
StepWeights FusedLoss<S>::weigh(const LossValues<S>& values, bool training,
                                std::optional<Gram> gradients) {
  StepWeights step;
  step.values = on_cpu(values);
  step.gradients = std::move(gradients);
  if (!step.gradients && !values.gradients.empty())
    step.gradients = products_at_logits(values.gradients);
  if (training && has_auxiliary_ && !std::isfinite(step.values.back())) {
    throw_not_finite("auxiliary loss '" + losses_.back()->name() + "'", step.values.back(),
                     fusion_.steps());
  }
  const std::size_t base = base_losses();
  Fusion::Factors factors;
  if (training) {
    const std::optional<Gram> own =
        step.gradients ? std::optional(step.gradients->first(base)) : std::nullopt;
    factors = fusion_.step(std::span(step.values).first(base), own ? &*own : nullptr);
  } else {
    factors = fusion_.current();
  }
  step.factors = std::move(factors.weights);
  if (has_auxiliary_) step.factors.push_back(factors.gamma);
  return step;
}

template <class S>
void FusedLoss<S>::losses_after(const LossValues<S>& values) {
  const std::vector<double> all = on_cpu(values);
  fusion_.losses_after(std::span(all).first(base_losses()));
}

template <class S>
typename FusedLoss<S>::Result FusedLoss<S>::combine(const Variable<S>& logits,
                                                    const PixelLabels<S>& labels, bool training) {
  DMF_CHECK(gradients_at_ == GradientsAt::logits || !training, ValueError,
            "[dmf] a step on logits sees no parameters: expected gradients at the logits.");
  const LossValues<S> raw =
      values({logits}, labels, training ? needs_gradients() : WithGradients::no);
  Result result{weigh(raw, training), {}};
  const std::vector<S> factors(result.factors.begin(), result.factors.end());
  result.total = objective(raw, Tensor<S>::from(factors, raw.values.shape(), raw.values.device()));
  return result;
}

template <class S>
std::vector<std::string> FusedLoss<S>::names() const {
  std::vector<std::string> names;
  for (const auto& loss : losses_) names.push_back(loss->name());
  if (has_auxiliary_) names.back() = "auxiliary_" + names.back();
  return names;
}

template Variable<float> objective(const LossValues<float>&, const Tensor<float>&);
template Variable<double> objective(const LossValues<double>&, const Tensor<double>&);
template class FusedLoss<float>;
template class FusedLoss<double>;

}  // namespace dmf
