#pragma once

#include <algorithm>

#include "engine/cuda/elements.cuh"
#include "engine/tensor/workspace.h"

// Sums over all but the last axis: of x [M, C], K totals for every channel. What is added is said
// by a term, a class with
//
//   Element, kTerms                     the scalar in memory, and K
//   Columns<V>(term, channel)           what is needed of V neighbouring channels, loaded once
//   Columns<V>::add(at, sums[K][V])     adds the terms of the V elements that start at offset `at`
//
// Planes are sums of the same kind beside each other: each adds up M rows, its term reads in
// blockIdx.z which it is, and finish's channel counts on from one plane to the next.
//
// A thread adds up to a few hundred terms in the computing scalar, everything after that is double
// and in the order of the rows: the result is the same from run to run and on every GPU.

namespace dmf::cuda {

struct ColumnLayout {
  int columns;       // threads of a block side by side, each with V channels
  int rows;          // threads of a block below each other
  Index block_rows;  // rows of x that a block adds up
  Index blocks;      // along M
  Index tiles;       // along C
};

inline ColumnLayout column_layout(Index M, Index C, int V) {
  constexpr Index kMostBlocks = 1024;
  ColumnLayout layout{};
  layout.columns = 1;
  while (layout.columns < 32 && layout.columns * V < C) layout.columns *= 2;
  layout.rows = kThreads / layout.columns;
  layout.tiles = (C + layout.columns * V - 1) / (layout.columns * V);
  const Index most = std::max<Index>(1, kMostBlocks / layout.tiles);
  const Index least_rows = Index{8} * layout.rows;
  layout.block_rows = std::max<Index>(least_rows, (M + most - 1) / most);
  layout.blocks = (M + layout.block_rows - 1) / layout.block_rows;
  return layout;
}

/// partials [planes, blocks, K, C]
template <class Term, int V>
__global__ void add_columns(Index M, Index C, int columns, Index block_rows, Term term,
                            double* partials) {
  using E = typename Term::Element;
  constexpr int K = Term::kTerms;
  __shared__ double gathered[kThreads * V];
  const int rows = kThreads / columns;
  const int column = static_cast<int>(threadIdx.x) % columns;
  const int row = static_cast<int>(threadIdx.x) / columns;
  const Index channel = (static_cast<Index>(blockIdx.y) * columns + column) * V;
  const Index begin = blockIdx.x * block_rows;
  const Index end = begin + block_rows < M ? begin + block_rows : M;
  ComputeType<E> sums[K][V] = {};
  if (channel < C) {
    const typename Term::template Columns<V> wanted(term, channel);
    for (Index m = begin + row; m < end; m += rows) wanted.add(m * C + channel, sums);
  }
  for (int k = 0; k < K; ++k) {
    for (int v = 0; v < V; ++v) {
      gathered[(row * columns + column) * V + v] = static_cast<double>(sums[k][v]);
    }
    __syncthreads();
    for (int c = static_cast<int>(threadIdx.x); c < columns * V; c += kThreads) {
      double total = 0.0;
      for (int r = 0; r < rows; ++r) total += gathered[r * columns * V + c];
      const Index at = static_cast<Index>(blockIdx.y) * columns * V + c;
      const Index block = static_cast<Index>(blockIdx.z) * gridDim.x + blockIdx.x;
      if (at < C) partials[(block * K + k) * C + at] = total;
    }
    __syncthreads();
  }
}

/// Calls finish(plane * C + c, totals of c) for every channel, from partials [planes, blocks, K, C].
template <int K, class Finish>
__global__ void add_partials(Index blocks, Index C, const double* partials, Finish finish) {
  constexpr int kColumns = 32, kRows = kThreads / kColumns;
  __shared__ double gathered[K][kRows][kColumns];
  const int column = static_cast<int>(threadIdx.x) % kColumns;
  const int row = static_cast<int>(threadIdx.x) / kColumns;
  const Index c = static_cast<Index>(blockIdx.x) * kColumns + column;
  const Index plane = blockIdx.z;
  partials += plane * blocks * K * C;
  for (int k = 0; k < K; ++k) {
    double sum = 0.0;
    for (Index block = row; c < C && block < blocks; block += kRows) {
      sum += partials[(block * K + k) * C + c];
    }
    gathered[k][row][column] = sum;
  }
  __syncthreads();
  if (row != 0 || c >= C) return;
  double totals[K] = {};
  for (int k = 0; k < K; ++k) {
    for (int r = 0; r < kRows; ++r) totals[k] += gathered[k][r][column];
  }
  finish(plane * C + c, totals);
}

/// Adds up the term over the rows of [M, C], of each plane, and hands the totals of each channel to
/// `finish`.
template <class Term, class Finish>
void channel_sums(const char* name, Index M, Index C, const Term& term, const Finish& finish,
                  Workspace& workspace, Index planes = 1) {
  using E = typename Term::Element;
  const auto z = static_cast<unsigned>(planes);
  with_pack<E>(C, [&](auto pack) {
    const ColumnLayout layout = column_layout(M, C, pack);
    double* partials = workspace.take<double>(planes * layout.blocks * Term::kTerms * C);
    launch(
        {name, dim3(static_cast<unsigned>(layout.blocks), static_cast<unsigned>(layout.tiles), z),
         kThreads},
        add_columns<Term, decltype(pack)::value>, M, C, layout.columns, layout.block_rows, term,
        partials);
    launch({name, dim3(static_cast<unsigned>((C + 31) / 32), 1, z), kThreads},
           add_partials<Term::kTerms, Finish>, layout.blocks, C,
           static_cast<const double*>(partials), finish);
  });
}

}  // namespace dmf::cuda
