#include "losses/overlap.h"

#include <algorithm>
#include <numeric>

#include "engine/core/check.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"

namespace dmf {

template <class S>
Variable<S> overlap(const SoftCounts<S>& counts, const OverlapSpec& spec) {
  const Variable<S> tp = spec.tp_factor * counts.tp;
  const Variable<S> missed = spec.alpha * counts.fp + spec.beta * counts.fn;
  return (tp + spec.smooth_nr) / (tp + missed + spec.smooth_dr);
}

std::vector<double> overlap_weights(const LossOptions& options, Index classes) {
  std::vector<double> weights = class_weights(options, classes);
  if (!options.include_background) weights.front() = 0.0;
  require_any_weight(weights);
  return weights;
}

template <class S>
Variable<S> one_minus_weighted_sum(const Variable<S>& scores, const Tensor<S>& share) {
  return 1.0 - sum(scores * Variable<S>(share));
}

template <class S>
Variable<S> overlap_loss(Prediction<S>& prediction, const OverlapSpec& spec,
                         const LossOptions& options) {
  const SoftCounts<S>& counts = prediction.counts(options.grouping());
  const std::vector<double> weights = overlap_weights(options, prediction.classes());
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  const Shape& shape = counts.tp.shape();
  std::vector<S> share;
  for (Index g = 0; g < shape[0]; ++g) {
    for (const double w : weights) {
      share.push_back(static_cast<S>(w / total / static_cast<double>(shape[0])));
    }
  }
  return one_minus_weighted_sum(overlap(counts, spec),
                                Tensor<S>::from(share, shape, counts.tp.device()));
}

#define DMF_INSTANTIATE(S)                                                           \
  template Variable<S> overlap(const SoftCounts<S>&, const OverlapSpec&);            \
  template Variable<S> one_minus_weighted_sum(const Variable<S>&, const Tensor<S>&); \
  template Variable<S> overlap_loss(Prediction<S>&, const OverlapSpec&, const LossOptions&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
