#include "engine/kernels/pixel_nll/pixel_nll.h"

#include <cmath>

namespace dmf::ref {
namespace {

Index group_of(const PixelNllSpec& spec, In<std::int32_t> target, Index pixel) {
  return spec.per_image ? pixel / (target.size(1) * target.size(2)) : 0;
}

double denominator(const PixelNllSpec& spec, In<std::int32_t> target, In<double> normalizer,
                   Index group) {
  double sum = 0.0;
  for (Index i = 0; i < target.numel(); ++i) {
    if (group_of(spec, target, i) == group && target.data[i] != spec.ignore_index) {
      sum += normalizer.data[target.data[i]];
    }
  }
  return sum;
}

}  // namespace

template <class T>
void pixel_nll_forward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                       In<double> scale, In<double> normalizer, View<T> loss, Workspace&) {
  const Index C = log_probs.size(-1);
  for (Index g = 0; g < loss.numel(); ++g) {
    double sum = 0.0;
    for (Index i = 0; i < target.numel(); ++i) {
      if (group_of(spec, target, i) != g || target.data[i] == spec.ignore_index) continue;
      const auto lp = static_cast<double>(log_probs.data[i * C + target.data[i]]);
      sum -= scale.data[target.data[i]] * std::pow(-std::expm1(lp), spec.gamma) * lp;
    }
    const double total = denominator(spec, target, normalizer, g);
    loss.data[g] = static_cast<T>(total > 0.0 ? sum / total : 0.0);
  }
}

template <class T>
void pixel_nll_backward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                        In<double> scale, In<double> normalizer, In<T> dloss, View<T> dlog_probs,
                        Workspace&) {
  const Index C = log_probs.size(-1);
  for (Index i = 0; i < dlog_probs.numel(); ++i) dlog_probs.data[i] = T{0};
  for (Index g = 0; g < dloss.numel(); ++g) {
    const double total = denominator(spec, target, normalizer, g);
    for (Index i = 0; i < target.numel() && total > 0.0; ++i) {
      const std::int32_t label = target.data[i];
      if (group_of(spec, target, i) != g || label == spec.ignore_index) continue;
      const auto lp = static_cast<double>(log_probs.data[i * C + label]);
      const double miss = -std::expm1(lp);  // 1 - p
      double slope = -std::pow(miss, spec.gamma);
      if (spec.gamma > 0.0 && miss > 0.0) {
        slope += spec.gamma * std::pow(miss, spec.gamma - 1.0) * std::exp(lp) * lp;
      }
      dlog_probs.data[i * C + label] =
          static_cast<T>(static_cast<double>(dloss.data[g]) * scale.data[label] * slope / total);
    }
  }
}

#define DMF_INSTANTIATE(T)                                                                      \
  template void pixel_nll_forward<T>(const PixelNllSpec&, In<T>, In<std::int32_t>, In<double>,  \
                                     In<double>, View<T>, Workspace&);                          \
  template void pixel_nll_backward<T>(const PixelNllSpec&, In<T>, In<std::int32_t>, In<double>, \
                                      In<double>, In<T>, View<T>, Workspace&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::ref
