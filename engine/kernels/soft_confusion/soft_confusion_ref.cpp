#include <cmath>

#include "engine/kernels/soft_confusion/soft_confusion.h"

namespace dmf::ref {

template <class T>
void soft_confusion_forward(const SoftConfusionSpec& spec, In<T> log_probs, In<std::int32_t> target,
                            View<T> counts, Workspace&) {
  const Index G = counts.size(1), C = counts.size(2);
  for (Index g = 0; g < G; ++g) {
    for (Index c = 0; c < C; ++c) {
      double tp = 0.0, fp = 0.0, fn = 0.0;
      for (Index i = g * target.numel() / G; i < (g + 1) * target.numel() / G; ++i) {
        if (target.data[i] == spec.ignore_index) continue;
        const double p = std::exp(static_cast<double>(log_probs.data[i * C + c]));
        const double y = target.data[i] == c ? 1.0 : 0.0;
        tp += p * y;
        fp += p * (1.0 - y);
        fn += (1.0 - p) * y;
      }
      counts.data[g * C + c] = static_cast<T>(tp);
      counts.data[(G + g) * C + c] = static_cast<T>(fp);
      counts.data[(2 * G + g) * C + c] = static_cast<T>(fn);
    }
  }
}

template <class T>
void soft_confusion_backward(const SoftConfusionSpec& spec, In<T> log_probs,
                             In<std::int32_t> target, In<T> dcounts, View<T> dlog_probs) {
  const Index G = dcounts.size(1), C = dcounts.size(2);
  for (Index i = 0; i < target.numel(); ++i) {
    const Index g = i / (target.numel() / G);
    for (Index c = 0; c < C; ++c) {
      const double p = std::exp(static_cast<double>(log_probs.data[i * C + c]));
      const double y = target.data[i] == c ? 1.0 : 0.0;
      const auto dtp = static_cast<double>(dcounts.data[g * C + c]);
      const auto dfp = static_cast<double>(dcounts.data[(G + g) * C + c]);
      const auto dfn = static_cast<double>(dcounts.data[(2 * G + g) * C + c]);
      const double slope =
          target.data[i] == spec.ignore_index ? 0.0 : p * (dtp * y + dfp * (1.0 - y) - dfn * y);
      dlog_probs.data[i * C + c] = static_cast<T>(slope);
    }
  }
}

#define DMF_INSTANTIATE(T)                                                                    \
  template void soft_confusion_forward<T>(const SoftConfusionSpec&, In<T>, In<std::int32_t>,  \
                                          View<T>, Workspace&);                               \
  template void soft_confusion_backward<T>(const SoftConfusionSpec&, In<T>, In<std::int32_t>, \
                                           In<T>, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::ref
