#include "losses/prediction.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/kernels/class_balance/class_balance.h"
#include "engine/kernels/dispatch.h"
#include "engine/ops/reduce.h"

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
typename Prediction<S>::Pass& Prediction<S>::planned(const Grouping& grouping) {
  for (Pass& pass : passes_) {
    const bool full = pass.terms.size() == PixelTermsSpec::kMostNll;
    if (!pass.is_made && !full && pass.grouping == grouping) return pass;
  }
  passes_.push_back({grouping, false, {}, false, {}, {}});
  return passes_.back();
}

template <class S>
void Prediction<S>::announce_counts(const Grouping& grouping) {
  for (const Pass& pass : passes_) {
    if (pass.counts && pass.grouping == grouping) return;
  }
  planned(grouping).counts = true;
}

template <class S>
void Prediction<S>::announce_nll(const Grouping& grouping, const NllTerm& term) {
  for (const Pass& pass : passes_) {
    const bool known = std::find(pass.terms.begin(), pass.terms.end(), term) != pass.terms.end();
    if (known && pass.grouping == grouping) return;
  }
  planned(grouping).terms.push_back(term);
}

template <class S>
void Prediction<S>::make(Pass& pass) const {
  const auto& [ignore_index, per_image] = pass.grouping;
  const Variable<S> row =
      pixel_terms(logits_, target_, {ignore_index, per_image, pass.counts, pass.terms});
  const Index G = per_image ? target_.size(0) : 1, C = classes();
  Index at = 0;
  const auto next = [&](const Shape& shape) {
    const Variable<S> part = section(row, at, shape);
    at += shape.numel();
    return part;
  };
  if (pass.counts) {
    const Shape shape{G, C};
    pass.soft_counts.tp = next(shape);
    pass.soft_counts.fp = next(shape);
    pass.soft_counts.fn = next(shape);
  }
  for (std::size_t j = 0; j < pass.terms.size(); ++j) pass.nll.push_back(next(Shape{G}));
  pass.is_made = true;
}

template <class S>
const SoftCounts<S>& Prediction<S>::counts(const Grouping& grouping) {
  announce_counts(grouping);
  const auto pass = std::find_if(passes_.begin(), passes_.end(),
                                 [&](const Pass& p) { return p.counts && p.grouping == grouping; });
  if (!pass->is_made) make(*pass);
  return pass->soft_counts;
}

template <class S>
const Variable<S>& Prediction<S>::nll(const Grouping& grouping, const NllTerm& term) {
  announce_nll(grouping, term);
  for (Pass& pass : passes_) {
    const auto found = std::find(pass.terms.begin(), pass.terms.end(), term);
    if (found == pass.terms.end() || !(pass.grouping == grouping)) continue;
    if (!pass.is_made) make(pass);
    return pass.nll[static_cast<std::size_t>(found - pass.terms.begin())];
  }
  throw GraphError("[loss] a term that was announced is in no pass.");
}

template <class S>
Tensor<double> Prediction<S>::label_counts(const Grouping& grouping) const {
  Tensor<double> counts(Shape{grouping.per_image ? target_.size(0) : 1, classes()},
                        target_.device());
  DMF_DISPATCH(counts.device(), label_counts, grouping.ignore_index, target_.cview(),
               counts.view());
  return counts;
}

template class Prediction<float>;
template class Prediction<double>;

}  // namespace dmf
