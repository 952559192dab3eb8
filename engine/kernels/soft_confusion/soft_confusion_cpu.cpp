#include <algorithm>
#include <cmath>

#include "engine/core/parallel.h"
#include "engine/kernels/soft_confusion/soft_confusion.h"

namespace dmf::cpu {
namespace {

constexpr Index kGrain = 4096;  // pixels of a chunk; chunks never straddle two groups

}  // namespace

// Per class three sums suffice: of p over all pixels, of p where y = 1, and of 1 - p where y = 1.
// The last is summed by itself, as -expm1(log p): N_c - TP_c would lose it where p is close to 1.
template <class T>
void soft_confusion_forward(const SoftConfusionSpec& spec, In<T> log_probs, In<std::int32_t> target,
                            View<T> counts, Workspace& workspace) {
  const Index G = counts.size(1), C = counts.size(2);
  const Index pixels = G == 0 ? 0 : target.numel() / G, chunks = chunk_count(pixels, kGrain);
  double* parts = workspace.take<double>(std::max<Index>(G * chunks * 3 * C, 1));
  parallel_for(G * chunks, [&](Index unit) {
    const Index first = unit / chunks * pixels;
    const ChunkRange range = chunk_range(pixels, kGrain, unit % chunks);
    double* tp = parts + unit * 3 * C;
    double* fp = tp + C;
    double* fn = fp + C;
    std::fill_n(tp, 3 * C, 0.0);
    for (Index i = first + range.begin; i < first + range.end; ++i) {
      const std::int32_t label = target.data[i];
      if (label == spec.ignore_index) continue;
      const T* pixel = log_probs.data + i * C;
      for (Index c = 0; c < C; ++c) {
        const auto p = static_cast<double>(std::exp(pixel[c]));
        if (c == label) {
          tp[c] += p;
          fn[c] -= static_cast<double>(std::expm1(pixel[c]));
        } else {
          fp[c] += p;
        }
      }
    }
  });
  for (Index g = 0; g < G; ++g) {
    for (Index k = 0; k < 3 * C; ++k) {
      double sum = 0.0;
      for (Index unit = g * chunks; unit < (g + 1) * chunks; ++unit) sum += parts[unit * 3 * C + k];
      counts.data[(k / C * G + g) * C + k % C] = static_cast<T>(sum);
    }
  }
}

template <class T>
void soft_confusion_backward(const SoftConfusionSpec& spec, In<T> log_probs,
                             In<std::int32_t> target, In<T> dcounts, View<T> dlog_probs) {
  const Index G = dcounts.size(1), C = dcounts.size(2), pixels = G == 0 ? 0 : target.numel() / G;
  parallel_chunks(target.numel(), kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const std::int32_t label = target.data[i];
      const T* dtp = dcounts.data + i / pixels * C;
      const T* dfp = dtp + G * C;
      const T* dfn = dfp + G * C;
      const T* pixel = log_probs.data + i * C;
      T* to = dlog_probs.data + i * C;
      for (Index c = 0; c < C; ++c) {
        const T slope = c == label ? dtp[c] - dfn[c] : dfp[c];
        to[c] = label == spec.ignore_index ? T{0} : std::exp(pixel[c]) * slope;
      }
    }
  });
}

#define DMF_INSTANTIATE(T)                                                                    \
  template void soft_confusion_forward<T>(const SoftConfusionSpec&, In<T>, In<std::int32_t>,  \
                                          View<T>, Workspace&);                               \
  template void soft_confusion_backward<T>(const SoftConfusionSpec&, In<T>, In<std::int32_t>, \
                                           In<T>, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cpu
