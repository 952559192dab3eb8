#include <algorithm>
#include <cmath>

#include "engine/core/parallel.h"
#include "engine/kernels/pixel_nll/pixel_nll.h"

namespace dmf::cpu {
namespace {

constexpr Index kGrain = 4096;  // pixels of a chunk

/// Chunks never straddle two groups: pixels of a group, chunks of a group.
struct Groups {
  Index count, pixels, chunks;
};

Groups groups_of(const PixelNllSpec& spec, In<std::int32_t> target) {
  const Index count = spec.per_image ? target.size(0) : 1;
  const Index pixels = count == 0 ? 0 : target.numel() / count;
  return {count, pixels, chunk_count(pixels, kGrain)};
}

/// (1 - p)^gamma, without pow for the exponents in common use
double focusing(double miss, double gamma) {
  if (gamma == 0.0) return 1.0;
  if (gamma == 1.0) return miss;
  if (gamma == 2.0) return miss * miss;
  return std::pow(miss, gamma);
}

/// sums[2 * g] = sum of term(pixel, label), sums[2 * g + 1] = sum of the normalizer, of group g
template <class Term>
double* sum_groups(const PixelNllSpec& spec, In<std::int32_t> target, In<double> normalizer,
                   Workspace& workspace, const Term& term) {
  const Groups groups = groups_of(spec, target);
  double* parts = workspace.take<double>(2 * groups.count * groups.chunks);
  parallel_for(groups.count * groups.chunks, [&](Index unit) {
    const Index group = unit / groups.chunks;
    const ChunkRange range = chunk_range(groups.pixels, kGrain, unit % groups.chunks);
    double sum = 0.0, weight = 0.0;
    for (Index i = group * groups.pixels + range.begin; i < group * groups.pixels + range.end;
         ++i) {
      const std::int32_t label = target.data[i];
      if (label == spec.ignore_index) continue;
      sum += term(i, label);
      weight += normalizer.data[label];
    }
    parts[2 * unit] = sum;
    parts[2 * unit + 1] = weight;
  });
  double* sums = workspace.take<double>(2 * groups.count);
  for (Index g = 0; g < groups.count; ++g) {
    sums[2 * g] = sums[2 * g + 1] = 0.0;
    for (Index unit = g * groups.chunks; unit < (g + 1) * groups.chunks; ++unit) {
      sums[2 * g] += parts[2 * unit];
      sums[2 * g + 1] += parts[2 * unit + 1];
    }
  }
  return sums;
}

}  // namespace

template <class T>
void pixel_nll_forward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                       In<double> scale, In<double> normalizer, View<T> loss,
                       Workspace& workspace) {
  const Index C = log_probs.size(-1);
  const double* sums =
      sum_groups(spec, target, normalizer, workspace, [&](Index i, std::int32_t label) {
        const auto lp = static_cast<double>(log_probs.data[i * C + label]);
        const double focus = spec.gamma == 0.0 ? 1.0 : focusing(-std::expm1(lp), spec.gamma);
        return -scale.data[label] * focus * lp;
      });
  for (Index g = 0; g < loss.numel(); ++g) {
    loss.data[g] = static_cast<T>(sums[2 * g + 1] > 0.0 ? sums[2 * g] / sums[2 * g + 1] : 0.0);
  }
}

template <class T>
void pixel_nll_backward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                        In<double> scale, In<double> normalizer, In<T> dloss, View<T> dlog_probs,
                        Workspace& workspace) {
  const Index C = log_probs.size(-1);
  const Groups groups = groups_of(spec, target);
  const double* sums =
      sum_groups(spec, target, normalizer, workspace, [](Index, std::int32_t) { return 0.0; });
  parallel_for(groups.count * groups.chunks, [&](Index unit) {
    const Index group = unit / groups.chunks;
    const ChunkRange range = chunk_range(groups.pixels, kGrain, unit % groups.chunks);
    const double total = sums[2 * group + 1];
    const double factor = total > 0.0 ? static_cast<double>(dloss.data[group]) / total : 0.0;
    for (Index i = group * groups.pixels + range.begin; i < group * groups.pixels + range.end;
         ++i) {
      T* to = dlog_probs.data + i * C;
      std::fill_n(to, C, T{0});
      const std::int32_t label = target.data[i];
      if (label == spec.ignore_index) continue;
      double slope = -1.0;
      if (spec.gamma != 0.0) {
        const auto lp = static_cast<double>(log_probs.data[i * C + label]);
        const double miss = -std::expm1(lp);  // 1 - p, with all its digits where p is close to 1
        slope = -focusing(miss, spec.gamma);
        if (miss > 0.0) {
          slope += spec.gamma * focusing(miss, spec.gamma - 1.0) * (1.0 - miss) * lp;
        }
      }
      to[label] = static_cast<T>(factor * scale.data[label] * slope);
    }
  });
}

#define DMF_INSTANTIATE(T)                                                                      \
  template void pixel_nll_forward<T>(const PixelNllSpec&, In<T>, In<std::int32_t>, In<double>,  \
                                     In<double>, View<T>, Workspace&);                          \
  template void pixel_nll_backward<T>(const PixelNllSpec&, In<T>, In<std::int32_t>, In<double>, \
                                      In<double>, In<T>, View<T>, Workspace&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cpu
