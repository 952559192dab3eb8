#pragma once

#include <algorithm>

#include "engine/core/parallel.h"

// How the CPU's normalisations add up the rows (pixels) of [M, C], for each channel.

namespace dmf {

/// Rows of a chunk: about 64 kB of float, so that the second look at a chunk (for its centred
/// squares) finds it in cache and the tensor is read from memory once.
inline Index rows_per_chunk(Index C) {
  return std::max<Index>(16, (1 << 14) / std::max<Index>(C, 1));
}

/// Sums within a chunk run in the tensor's own scalar over at most this many rows, then go on in
/// double: fast, and the rounding of a long float sum never enters.
inline constexpr Index kRowsPerSum = 64;

/// Adds up rows in groups of kRowsPerSum: for each group, `add(first, last)` adds its rows into
/// `group` (count scalars, cleared before), which then goes into `sums`.
template <class T, class Add>
void sum_in_groups(Index begin, Index end, T* group, Index count, double* sums, const Add& add) {
  std::fill_n(sums, count, 0.0);
  for (Index first = begin; first < end; first += kRowsPerSum) {
    std::fill_n(group, count, T{0});
    add(first, std::min(first + kRowsPerSum, end));
    for (Index c = 0; c < count; ++c) sums[c] += static_cast<double>(group[c]);
  }
}

/// Of each channel of the rows: their mean, and the sum of squares of what they differ from it.
///
/// scratch  2 * C scalars
template <class T>
void moments_of_rows(const T* x, Index C, ChunkRange rows, T* scratch, double* mean,
                     double* squares) {
  T* group = scratch;
  T* centre = group + C;
  sum_in_groups(rows.begin, rows.end, group, C, mean, [&](Index first, Index last) {
    for (Index m = first; m < last; ++m) {
      const T* from = x + m * C;
#pragma omp simd
      for (Index c = 0; c < C; ++c) group[c] += from[c];
    }
  });
  for (Index c = 0; c < C; ++c) {
    mean[c] /= static_cast<double>(rows.end - rows.begin);
    centre[c] = static_cast<T>(mean[c]);
  }
  sum_in_groups(rows.begin, rows.end, group, C, squares, [&](Index first, Index last) {
    for (Index m = first; m < last; ++m) {
      const T* from = x + m * C;
#pragma omp simd
      for (Index c = 0; c < C; ++c) group[c] += (from[c] - centre[c]) * (from[c] - centre[c]);
    }
  });
  for (Index c = 0; c < C; ++c) {  // the centre was rounded to T: move it to the mean
    const double shift = mean[c] - static_cast<double>(centre[c]);
    squares[c] -= static_cast<double>(rows.end - rows.begin) * shift * shift;
  }
}

/// Takes `added` values of that mean and sum of squares into those of the `seen` before them, by the
/// rule of Chan, Golub & LeVeque (1979), which never subtracts large numbers as sum(x^2)/M - mean^2
/// would.
inline void merge_moments(double seen, double added, double added_mean, double added_squares,
                          double& mean, double& squares) {
  const double delta = added_mean - mean;
  mean += delta * added / (seen + added);
  squares += added_squares + delta * delta * seen * added / (seen + added);
}

}  // namespace dmf
