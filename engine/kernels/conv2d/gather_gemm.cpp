#include "engine/kernels/conv2d/gather_gemm.h"

#include <algorithm>
#include <span>

#include "engine/core/parallel.h"

namespace dmf::cpu {
namespace {

/// out [kRows][kPanel] = sum over taps of rows times the tap's matrix, or with `more` that is
/// added. rows        [taps][kRows] addresses of source pixels weight      packed panel: matrix m
/// starts at m * depth * kPanel
template <class T>
void multiply_taps(const T* const* rows, std::span<const Tap> taps, Index depth, const T* weight,
                   bool more, T* out) {
  using V = Simd<T>;
  Sums<T> sums{};
  if (more) {
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      sums[r][0] = V::load(out + r * kPanel<T>);
      sums[r][1] = V::load(out + r * kPanel<T> + V::kLanes);
    }
  }
  for (const Tap& tap : taps) {
    accumulate_rows<T>(rows, depth, weight + tap.matrix * depth * kPanel<T>, sums);
    rows += kRows;
  }
  store_sums<T>(sums, out);
}

/// Pixels per unit of parallel work: enough to reuse a panel of weights from the nearer caches
/// (96 pixels: one byte of it for every 48 operations) and to outweigh the cost of a loop turn.
Index pixels_per_chunk(Index pixels, Index operations_per_pixel) {
  constexpr Index kLeast = 96, kLeastOperations = 1 << 19;
  const Index wanted =
      std::max(kLeast, kLeastOperations / std::max<Index>(operations_per_pixel, 1));
  // At least sixteen chunks where the image is large enough, so that threads share evenly.
  const Index fair = std::max<Index>(kRows, pixels / 16);
  return (std::min(wanted, fair) + kRows - 1) / kRows * kRows;
}

}  // namespace

template <class T>
PackedMatrices<T> pack_matrices(In<T> weight, bool transposed, KeptWeights* kept,
                                Workspace& workspace) {
  const Index matrices = weight.size(0) * weight.size(1);
  const Index depth = weight.size(transposed ? 3 : 2), channels = weight.size(transposed ? 2 : 3);
  const Index panels = chunk_count(channels, kPanel<T>);
  const auto pack = [&](T* all) {
    parallel_for(panels * matrices, [&](Index unit) {
      const Index panel = unit / matrices, m = unit % matrices;
      const Index first = panel * kPanel<T>, width = std::min(kPanel<T>, channels - first);
      T* to = all + unit * depth * kPanel<T>;
      const T* matrix = weight.data + m * depth * channels;
      for (Index k = 0; k < depth; ++k, to += kPanel<T>) {
        for (Index c = 0; c < width; ++c) {
          to[c] = transposed ? matrix[(first + c) * depth + k] : matrix[k * channels + first + c];
        }
        std::fill(to + width, to + kPanel<T>, T{0});
      }
    });
  };
  const WeightForm form = transposed ? WeightForm::packed_transposed : WeightForm::packed;
  const T* packed =
      weights_in_form<T>(kept, form, panels * matrices * depth * kPanel<T>, workspace, pack);
  return {packed, matrices, depth, channels};
}

template <class T>
void gather_gemm(const GatherPass& pass, In<T> source, const PackedMatrices<T>& weight,
                 InEpilogue<T> epilogue, View<T> target, Workspace& workspace) {
  const Index SH = source.size(1), SW = source.size(2), depth = weight.depth;
  const Index TH = target.size(1), TW = target.size(2), channels = weight.channels;
  const Index per_image = pass.rows * pass.cols, pixels = source.size(0) * per_image;
  const Index taps = static_cast<Index>(pass.taps.size());
  const Index panels = chunk_count(channels, kPanel<T>);
  const Index chunk = pixels_per_chunk(pixels, std::max<Index>(taps, 1) * depth * channels);
  if (pixels == 0) return;

  T* zeros = workspace.take<T>(std::max<Index>(depth, 1));
  std::fill_n(zeros, depth, T{0});
  const PanelEpilogue<T> finish(epilogue, channels, workspace);
  // Per thread: addresses of the sources, [block][tap][row], and places of the targets, [block][row].
  const Index table = chunk * taps;
  T* sums = workspace.take<T>(chunk * kPanel<T> * num_threads());
  // Taps are taken a few at a time, so that their part of a weight panel (16 kB) stays in L1 while
  // every register block of the chunk passes over it; the sums wait in `out`.
  const Index group = std::max<Index>(1, (1 << 14) / (depth * kPanel<T> * Index{sizeof(T)}));
  auto* tables = workspace.take<const T*>(table * num_threads());
  auto* places = workspace.take<Index>(chunk * num_threads());

  parallel_for(chunk_count(pixels, chunk), [&](Index unit, int thread) {
    const ChunkRange range = chunk_range(pixels, chunk, unit);
    const T** sources = tables + table * thread;
    Index* targets = places + chunk * thread;
    for (Index p = range.begin; p < range.begin + chunk; ++p) {
      const Index slot = p - range.begin, block = slot / kRows, row = slot % kRows;
      const T** column = sources + block * taps * kRows + row;
      if (p >= range.end) {  // fills the last register block; computed, never stored
        for (Index t = 0; t < taps; ++t) column[t * kRows] = zeros;
        continue;
      }
      const Index n = p / per_image, u = p % per_image / pass.cols, v = p % pass.cols;
      targets[slot] = ((n * TH + pass.target_row + u * pass.target_step_h) * TW + pass.target_col +
                       v * pass.target_step_w) *
                      channels;
      const Index h0 = u * pass.source_step_h, w0 = v * pass.source_step_w;
      for (Index t = 0; t < taps; ++t) {
        const Tap& tap = pass.taps[static_cast<std::size_t>(t)];
        const Index h = tap.row + h0, w = tap.col + w0;
        const bool inside = h >= 0 && h < SH && w >= 0 && w < SW;
        column[t * kRows] = inside ? source.data + ((n * SH + h) * SW + w) * depth : zeros;
      }
    }
    T* out = sums + chunk * kPanel<T> * thread;  // [slot][kPanel]
    const Index used = range.end - range.begin;
    const std::span<const Tap> all_taps = pass.taps;
    for (Index panel = 0; panel < panels; ++panel) {
      const Index first = panel * kPanel<T>, width = std::min(kPanel<T>, channels - first);
      const T* matrix = weight.data + panel * weight.matrices * depth * kPanel<T>;
      for (Index begin = 0; begin < std::max<Index>(taps, 1); begin += group) {
        const auto some = all_taps.subspan(static_cast<std::size_t>(begin),
                                           static_cast<std::size_t>(std::min(group, taps - begin)));
        for (Index slot = 0; slot < used; slot += kRows) {
          multiply_taps<T>(sources + slot * taps + begin * kRows, some, depth, matrix, begin > 0,
                           out + slot * kPanel<T>);
        }
      }
      for (Index slot = 0; slot < used; ++slot) {
        T* sum = out + slot * kPanel<T>;
        T* to = target.data + targets[slot] + first;
        T* finished = width == kPanel<T> ? to : sum;
        for (Index c = 0; c < kPanel<T>; c += Simd<T>::kLanes) {
          Simd<T>::store(finished + c, finish(Simd<T>::load(sum + c), first + c));
        }
        if (width < kPanel<T>) std::copy_n(sum, width, to);
      }
    }
  });
}

#define DMF_INSTANTIATE(T)                                                                        \
  template PackedMatrices<T> pack_matrices<T>(In<T>, bool, KeptWeights*, Workspace&);             \
  template void gather_gemm<T>(const GatherPass&, In<T>, const PackedMatrices<T>&, InEpilogue<T>, \
                               View<T>, Workspace&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cpu
