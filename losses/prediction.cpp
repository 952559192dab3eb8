#include "losses/prediction.h"

#include "engine/core/check.h"
#include "engine/kernels/class_balance/class_balance.h"
#include "engine/kernels/dispatch.h"
#include "engine/ops/reduce.h"
#include "engine/ops/softmax.h"

namespace dmf {

template <class S>
Prediction<S>::Prediction(Variable<S> logits, Tensor<std::int32_t> target)
    : logits_(std::move(logits)), target_(std::move(target)) {
  DMF_CHECK(
      logits_.shape().rank() == 4 && target_.shape() == Shape(logits_.shape().dims().first(3)),
      ShapeError, "[loss] logits {} and target {}: expected [N, H, W, C] and [N, H, W].",
      logits_.shape().str(), target_.shape().str());
}

template <class S>
const Variable<S>& Prediction<S>::log_probs() {
  if (!log_probs_.defined()) log_probs_ = log_softmax(logits_);
  return log_probs_;
}

template <class S>
const SoftCounts<S>& Prediction<S>::counts(const SoftConfusionSpec& spec) {
  const auto [it, is_new] = counts_.try_emplace({spec.ignore_index, spec.per_image});
  if (is_new) {
    const Variable<S> all = soft_confusion(log_probs(), target_, spec);
    it->second = {select(all, 0), select(all, 1), select(all, 2)};
  }
  return it->second;
}

template <class S>
Tensor<double> Prediction<S>::label_counts(const SoftConfusionSpec& spec) const {
  Tensor<double> counts(Shape{spec.per_image ? target_.size(0) : 1, classes()}, target_.device());
  DMF_DISPATCH(counts.device(), label_counts, spec.ignore_index, target_.cview(), counts.view());
  return counts;
}

template class Prediction<float>;
template class Prediction<double>;

}  // namespace dmf
