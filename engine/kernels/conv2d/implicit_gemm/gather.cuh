#pragma once

#include "engine/kernels/conv2d/implicit_gemm/arithmetic.cuh"
#include "engine/kernels/conv2d/implicit_gemm/problem.h"

// The kernel of the gather products (problem.h): blocks of kM pixels by kN channels. Slabs of kK
// values of k are copied into shared memory kStages - 1 ahead of the one that is multiplied.

namespace dmf::cuda {

/// A phase as the kernel needs it.
struct GatherLaunch {
  GatherAxis h, w;
  Divisor columns, rows;  // positions m -> (image, row, column)
  unsigned pixels;        // images * rows * columns
  int slabs;              // of k
  const void* weight;     // [kN padded][slabs * kK], rounded, zeros where there is nothing
};

constexpr int kMostPhases = 4;

template <class E>
struct GatherArguments {
  GatherProblem problem;
  GatherLaunch phase[kMostPhases];
  int parts;  // of the sum over k; more than one only with one phase
  const E* source;
  E* target;
  const ComputeType<E>* scale;  // of the epilogue; null for ones, shift null for zeros
  const ComputeType<E>* shift;
  bool relu;
  ComputeType<E>* partials;  // [parts, pixels, C], instead of the target where parts > 1
};

constexpr int kGatherStages = 3;

/// Where a row of the tile lies.
struct GatherRow {
  Index source;  // offset of the image
  Index target;  // offset of the pixel; -1 past the last
  int h, w;      // of the source pixel under tap (0, 0)
};

template <class Product>
constexpr std::size_t gather_shared_bytes() {
  using S = typename Product::Sizes;
  constexpr int kRow = S::kK + Product::kPadAlong;
  return static_cast<std::size_t>(kGatherStages) * (S::kM + S::kN) * kRow *
             sizeof(typename Product::Element) +
         S::kM * sizeof(GatherRow);
}

/// Epilogue of one value of channel n.
template <class E>
__device__ ComputeType<E> finished(const GatherArguments<E>& to, ComputeType<E> value, Index n) {
  if (to.scale != nullptr) value *= to.scale[n];
  if (to.shift != nullptr) value += to.shift[n];
  return to.relu && value < 0 ? ComputeType<E>{0} : value;
}

/// Stores values of channels n and n + 1 of a row of C channels, together where that is possible.
template <class E, class T>
__device__ void store_pair(E* row, Index n, Index C, T first, T second) {
  if (n + 1 < C && C % 2 == 0) {
    *reinterpret_cast<Pack<E, 2>*>(row + n) = {{store<E>(first), store<E>(second)}};
  } else {
    if (n < C) row[n] = store<E>(first);
    if (n + 1 < C) row[n + 1] = store<E>(second);
  }
}

/// kV  elements of a channel row that one copy moves: 16 bytes' worth, or 1
template <class Product, int kV>
__global__ void __launch_bounds__(Product::Sizes::kThreads, Product::kBlocks)
    gather_kernel(const __grid_constant__ GatherArguments<typename Product::Element> to) {
  using E = typename Product::Element;
  using S = typename Product::Sizes;
  constexpr int kRow = S::kK + Product::kPadAlong, kPackK = S::kK / kPack<E>;
  constexpr int kChunks = S::kK / kV, kRowsAtOnce = S::kThreads / kChunks;
  static_assert(S::kThreads % kChunks == 0 && S::kM % kRowsAtOnce == 0);
  // All packs at once; of single elements there would be more than registers.
  [[maybe_unused]] constexpr int kUnroll = kV > 1 ? S::kM / kRowsAtOnce : 4;
  const GatherProblem& p = to.problem;
  const GatherLaunch& phase = to.phase[to.parts > 1 ? 0 : blockIdx.z];
  const unsigned first_pixel = blockIdx.x * S::kM;
  if (first_pixel >= phase.pixels) return;
  const Index first_n = static_cast<Index>(blockIdx.y) * S::kN;

  auto* rows = dynamic_shared<GatherRow>();
  E* tiles_a = reinterpret_cast<E*>(rows + S::kM);
  E* tiles_b = tiles_a + kGatherStages * S::kM * kRow;
  const int thread = static_cast<int>(threadIdx.x);

  for (int r = thread; r < S::kM; r += S::kThreads) {
    const unsigned m = first_pixel + static_cast<unsigned>(r);
    const unsigned line = phase.columns.divide(m), image = phase.rows.divide(line);
    const int row = static_cast<int>(line - image * phase.rows.value);
    const int column = static_cast<int>(m - line * phase.columns.value);
    GatherRow at;
    at.source = Index{image} * p.source_h * p.source_w * p.source_c;
    at.target =
        ((Index{image} * p.target_h + phase.h.target_first + row * p.target_step_h) * p.target_w +
         phase.w.target_first + column * p.target_step_w) *
        p.target_c;
    at.h = row * p.source_step_h + phase.h.first;
    at.w = column * p.source_step_w + phase.w.first;
    if (m >= phase.pixels) {
      at.target = -1;
      at.h = -(1 << 28);  // outside any image, whatever the tap
    }
    rows[r] = at;
  }
  __syncthreads();

  const int part = to.parts > 1 ? static_cast<int>(blockIdx.z) : 0;
  const int first_slab = static_cast<int>(Index{phase.slabs} * part / to.parts);
  const int end_slab = static_cast<int>(Index{phase.slabs} * (part + 1) / to.parts);

  // This thread copies chunk `thread % kChunks` of every slab: its tap and channel move on by kK.
  const int chunk = thread % kChunks;
  const auto C = static_cast<int>(p.source_c);
  int tap_h = 0, tap_w = 0, channel = 0;
  {
    const int k = first_slab * S::kK + chunk * kV, tap = k / C;
    channel = k - tap * C;
    tap_h = tap / (phase.w.taps > 0 ? phase.w.taps : 1);
    tap_w = tap - tap_h * phase.w.taps;
  }
  const E* weight = static_cast<const E*>(phase.weight) + first_n * phase.slabs * S::kK +
                    Index{first_slab} * S::kK;
  int copied = first_slab;

  const auto copy_slab = [&](int stage) {
    E* a = tiles_a + stage * S::kM * kRow;
    E* b = tiles_b + stage * S::kN * kRow;
    const bool inside_k = tap_h < phase.h.taps;
#pragma unroll kUnroll
    for (int i = 0; i < S::kM / kRowsAtOnce; ++i) {
      const int r = thread / kChunks + i * kRowsAtOnce;
      const GatherRow& row = rows[r];
      const int h = row.h + tap_h * phase.h.tap_step, w = row.w + tap_w * phase.w.tap_step;
      const bool inside = inside_k && h >= 0 && h < p.source_h && w >= 0 && w < p.source_w;
      const E* from =
          to.source + (inside ? row.source + (Index{h} * p.source_w + w) * C + channel : 0);
      E* there = a + r * kRow + chunk * kV;
      if constexpr (sizeof(E) * kV >= 4) {
        // The next tap gathers mostly the same pixels.
        copy_async<static_cast<int>(sizeof(E)) * kV, true>(there, from, inside);
      } else {
        *there = inside ? *from : store<E>(0);
      }
    }
    for (int at = thread; at < S::kN * kPackK; at += S::kThreads) {
      const int n = at / kPackK, k = at % kPackK * kPack<E>;
      copy_async<16>(b + n * kRow + k, weight + Index{n} * phase.slabs * S::kK + k, true);
    }
    weight += S::kK;
    channel += S::kK;
    while (channel >= C) {
      channel -= C;
      if (++tap_w >= phase.w.taps) {
        tap_w = 0;
        ++tap_h;
      }
    }
    ++copied;
  };

#pragma unroll
  for (int stage = 0; stage < kGatherStages - 1; ++stage) {
    if (copied < end_slab) copy_slab(stage);
    commit_copies();
  }
  Product product;
  int stage = 0;
  for (int slab = first_slab; slab < end_slab; ++slab) {
    wait_copies<kGatherStages - 2>();
    __syncthreads();  // slab is there for all, and nobody reads the stage that is filled next
    if (copied < end_slab) copy_slab(stage == 0 ? kGatherStages - 1 : stage - 1);
    commit_copies();
    product.add_along(tiles_a + stage * S::kM * kRow, tiles_b + stage * S::kN * kRow);
    stage = stage == kGatherStages - 1 ? 0 : stage + 1;
  }

  product.for_each_pair([&](int m, int column, auto first, auto second) {
    const GatherRow& row = rows[m];
    const Index n = first_n + column;
    if (row.target < 0 || n >= p.target_c) return;
    if (to.parts > 1) {
      auto* partial = to.partials + (Index{part} * phase.pixels + first_pixel + m) * p.target_c;
      store_pair(partial, n, p.target_c, first, second);
      return;
    }
    const bool both = n + 1 < p.target_c;
    store_pair(to.target + row.target, n, p.target_c, finished(to, first, n),
               both ? finished(to, second, n + 1) : second);
  });
}

/// target = epilogue(the sum of the parts, in order); only where target pixels are positions m
template <class E>
__global__ void add_parts(const __grid_constant__ GatherArguments<E> to) {
  const Index i = global_thread(), count = Index{to.phase[0].pixels} * to.problem.target_c;
  if (i >= count) return;
  ComputeType<E> sum = to.partials[i];
  for (int part = 1; part < to.parts; ++part) sum += to.partials[part * count + i];
  to.target[i] = store<E>(finished(to, sum, i % to.problem.target_c));
}

/// The weights of a phase as the kernel reads them: packed[n][k] = weight[tap][c][n], or with
/// `swapped` (data gradient) weight[tap][n][c].
template <class E>
struct PackArguments {
  struct Phase {
    GatherAxis h, w;
    Index depth;  // padded k
    E* packed;
  };
  Phase phase[kMostPhases];
  int kernel_w;
  Index channels, columns;  // of source and target
  Index width;              // padded n
  bool swapped, to_tf32;
};

/// Phases along y.
template <class E>
__global__ void pack_weight(const __grid_constant__ PackArguments<E> how,
                            const ComputeType<E>* weight) {
  const auto& phase = how.phase[blockIdx.y];
  const Index i = global_thread();
  if (i >= phase.depth * how.width) return;
  const Index n = i / phase.depth, k = i % phase.depth, tap = k / how.channels;
  const Index c = k % how.channels;
  ComputeType<E> value{0};
  if (n < how.columns && tap < Index{phase.h.taps} * phase.w.taps) {
    const Index a = phase.h.weight_first + tap / phase.w.taps * phase.h.weight_step;
    const Index b = phase.w.weight_first + tap % phase.w.taps * phase.w.weight_step;
    const Index matrix = (a * how.kernel_w + b) * how.channels * how.columns;
    value = weight[matrix + (how.swapped ? n * how.channels + c : c * how.columns + n)];
  }
  phase.packed[i] = store<E>(value);
  if constexpr (std::is_same_v<E, float>) {
    if (how.to_tf32) {
      auto* word = reinterpret_cast<unsigned*>(phase.packed) + i;
      *word = round_to_tf32(*word);
    }
  }
}

}  // namespace dmf::cuda
