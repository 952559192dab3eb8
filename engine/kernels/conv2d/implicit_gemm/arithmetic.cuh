#pragma once

#include <cmath>

#include "engine/core/bfloat16.h"
#include "engine/cuda/elements.cuh"
#include "engine/cuda/tensor_core.cuh"

// How a block multiplies two tiles in shared memory. The tiles lie one of two ways:
//
//   along k     [M][K], [N][K]: neighbouring elements of a row follow k
//   across k    [K][M], [K][N]: neighbouring elements of a row follow m or n
//
// An arithmetic says what elements are in memory and in shared memory, how wide a slab along k is,
// and holds one warp's or thread's part of the product in registers.

namespace dmf::cuda {

// Four warps of 64 x 64 ask shared memory for no more than it gives while they multiply; smaller
// parts would wait for it.

/// Sizes of a block's product: kM x kN, over slabs of kK.
template <int kM_, int kN_, int kK_, int kThreads_>
struct Tile {
  static constexpr int kM = kM_, kN = kN_, kK = kK_, kThreads = kThreads_;
};

/// On tensor cores: warps share out the tile, kWarpsM x kWarpsN of them.
template <class E, class TileSizes>
struct TensorCoreProduct {
  using Element = E;
  using Sizes = TileSizes;
  static constexpr bool kHalf = sizeof(E) == 2;
  static constexpr int kBlocks = 2;  // of a multiprocessor at a time, at least
  static constexpr int kWarps = Sizes::kThreads / 32;
  static constexpr int kWarpsN = Sizes::kN >= 64 ? 2 : 1;
  static constexpr int kWarpsM = kWarps / kWarpsN;
  static constexpr int kWarpM = Sizes::kM / kWarpsM, kWarpN = Sizes::kN / kWarpsN;
  static constexpr int kTilesM = kWarpM / 16, kTilesN = kWarpN / 8;
  static_assert(kWarpM % 16 == 0 && kWarpN % 16 == 0);
  /// Elements that pad a row of a tile along k: rows then start 16 bytes further in the banks.
  static constexpr int kPadAlong = 16 / static_cast<int>(sizeof(E));
  /// Across k: eight banks further for words, four for halves.
  static constexpr int kPadAcross = 8;
  /// Elements of k that one instruction takes: 32 bytes.
  static constexpr int kStep = 32 / static_cast<int>(sizeof(E));

  float sums[kTilesM][kTilesN][4] = {};

  __device__ static int lane() { return static_cast<int>(threadIdx.x) % 32; }
  __device__ static int first_m() { return static_cast<int>(threadIdx.x) / 32 / kWarpsN * kWarpM; }
  __device__ static int first_n() { return static_cast<int>(threadIdx.x) / 32 % kWarpsN * kWarpN; }

  __device__ static void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    if constexpr (kHalf) {
      multiply_bf16(c, a, b);
    } else {
      multiply_tf32(c, a, b);
    }
  }

  /// a [kM][kK + pad], b [kN][kK + pad]; b's floats are rounded already
  __device__ void add_along(const E* a, const E* b) {
    constexpr int kRow = Sizes::kK + kPadAlong, kHalfStep = kStep / 2;
    const int l = lane();
    const E* row_a = a + (first_m() + l % 16) * kRow + l / 16 * kHalfStep;
    const E* row_b = b + (first_n() + l % 8 + l / 16 * 8) * kRow + l / 8 % 2 * kHalfStep;
#pragma unroll
    for (int k = 0; k < Sizes::kK; k += kStep) {
      unsigned in_a[kTilesM][4], in_b[kTilesN][2];
#pragma unroll
      for (int i = 0; i < kTilesM; ++i) {
        load_matrices(in_a[i], row_a + i * 16 * kRow + k);
        if constexpr (!kHalf) {
          for (unsigned& word : in_a[i]) word = round_to_tf32(word);
        }
      }
#pragma unroll
      for (int j = 0; j < kTilesN; j += 2) {
        unsigned pair[4];
        load_matrices(pair, row_b + j * 8 * kRow + k);
        in_b[j][0] = pair[0], in_b[j][1] = pair[1];
        in_b[j + 1][0] = pair[2], in_b[j + 1][1] = pair[3];
      }
      multiply_all(in_a, in_b);
    }
  }

  /// a [kK][kM + pad], b [kK][kN + pad]
  __device__ void add_across(const E* a, const E* b) {
    constexpr int kRowA = Sizes::kM + kPadAcross, kRowB = Sizes::kN + kPadAcross;
    const int l = lane();
#pragma unroll
    for (int k = 0; k < Sizes::kK; k += kStep) {
      unsigned in_a[kTilesM][4], in_b[kTilesN][2];
      if constexpr (kHalf) {
        const E* row_a = a + (k + l % 8 + l / 16 * 8) * kRowA + first_m() + l / 8 % 2 * 8;
        const E* row_b = b + (k + l % 16) * kRowB + first_n() + l / 16 * 8;
#pragma unroll
        for (int i = 0; i < kTilesM; ++i) load_matrices<true>(in_a[i], row_a + i * 16);
#pragma unroll
        for (int j = 0; j < kTilesN; j += 2) {
          unsigned pair[4];
          load_matrices<true>(pair, row_b + j * 8);
          in_b[j][0] = pair[0], in_b[j][1] = pair[1];
          in_b[j + 1][0] = pair[2], in_b[j + 1][1] = pair[3];
        }
      } else {
        const auto* word_a =
            reinterpret_cast<const unsigned*>(a) + (k + l % 4) * kRowA + first_m() + l / 4;
        const auto* word_b =
            reinterpret_cast<const unsigned*>(b) + (k + l % 4) * kRowB + first_n() + l / 4;
#pragma unroll
        for (int i = 0; i < kTilesM; ++i) {
          in_a[i][0] = round_to_tf32(word_a[i * 16]);
          in_a[i][1] = round_to_tf32(word_a[i * 16 + 8]);
          in_a[i][2] = round_to_tf32(word_a[i * 16 + 4 * kRowA]);
          in_a[i][3] = round_to_tf32(word_a[i * 16 + 8 + 4 * kRowA]);
        }
#pragma unroll
        for (int j = 0; j < kTilesN; ++j) {
          in_b[j][0] = round_to_tf32(word_b[j * 8]);
          in_b[j][1] = round_to_tf32(word_b[j * 8 + 4 * kRowB]);
        }
      }
      multiply_all(in_a, in_b);
    }
  }

  /// Calls body(m, n, value of [m][n], value of [m][n + 1]) for this thread's sums; n is even.
  template <class Body>
  __device__ void for_each_pair(const Body& body) const {
    const int m = first_m() + lane() / 4, n = first_n() + lane() % 4 * 2;
#pragma unroll
    for (int i = 0; i < kTilesM; ++i) {
#pragma unroll
      for (int j = 0; j < kTilesN; ++j) {
        body(m + i * 16, n + j * 8, sums[i][j][0], sums[i][j][1]);
        body(m + i * 16 + 8, n + j * 8, sums[i][j][2], sums[i][j][3]);
      }
    }
  }

 private:
  __device__ void multiply_all(const unsigned (&a)[kTilesM][4], const unsigned (&b)[kTilesN][2]) {
#pragma unroll
    for (int i = 0; i < kTilesM; ++i) {
#pragma unroll
      for (int j = 0; j < kTilesN; ++j) multiply(sums[i][j], a[i], b[j]);
    }
  }
};

/// On the cores for plain float or double: threads share out the tile, 16 x 16 of them, each with
/// every sixteenth row and every sixteenth pair of columns.
template <class E, class TileSizes>
struct PlainProduct {
  using Element = E;
  using Sizes = TileSizes;
  static_assert(Sizes::kThreads == 256);
  static constexpr int kBlocks = sizeof(E) == 8 ? 1 : 2;
  static constexpr int kRows = Sizes::kM / 16, kPairs = Sizes::kN / 32;
  static constexpr int kPadAlong = 16 / static_cast<int>(sizeof(E));
  static constexpr int kPadAcross = 16 / static_cast<int>(sizeof(E));

  E sums[kRows][kPairs][2] = {};

  __device__ static int row() { return static_cast<int>(threadIdx.x) / 16; }
  __device__ static int pair() { return static_cast<int>(threadIdx.x) % 16; }

  __device__ void add_along(const E* a, const E* b) {
    constexpr int kRow = Sizes::kK + kPadAlong;
    add([&](int m, int k) { return a[m * kRow + k]; },
        [&](int n, int k) { return b[n * kRow + k]; });
  }
  __device__ void add_across(const E* a, const E* b) {
    constexpr int kRowA = Sizes::kM + kPadAcross, kRowB = Sizes::kN + kPadAcross;
    add([&](int m, int k) { return a[k * kRowA + m]; },
        [&](int n, int k) { return b[k * kRowB + n]; });
  }

  template <class Body>
  __device__ void for_each_pair(const Body& body) const {
#pragma unroll
    for (int i = 0; i < kRows; ++i) {
#pragma unroll
      for (int j = 0; j < kPairs; ++j) {
        body(row() + i * 16, 2 * pair() + j * 32, sums[i][j][0], sums[i][j][1]);
      }
    }
  }

 private:
  template <class A, class B>
  __device__ void add(const A& a, const B& b) {
#pragma unroll 4
    for (int k = 0; k < Sizes::kK; ++k) {
      E in_a[kRows], in_b[kPairs][2];
#pragma unroll
      for (int i = 0; i < kRows; ++i) in_a[i] = a(row() + i * 16, k);
#pragma unroll
      for (int j = 0; j < kPairs; ++j) {
        in_b[j][0] = b(2 * pair() + j * 32, k);
        in_b[j][1] = b(2 * pair() + j * 32 + 1, k);
      }
#pragma unroll
      for (int i = 0; i < kRows; ++i) {
#pragma unroll
        for (int j = 0; j < kPairs; ++j) {
          sums[i][j][0] = std::fma(in_a[i], in_b[j][0], sums[i][j][0]);
          sums[i][j][1] = std::fma(in_a[i], in_b[j][1], sums[i][j][1]);
        }
      }
    }
  }
};

}  // namespace dmf::cuda
