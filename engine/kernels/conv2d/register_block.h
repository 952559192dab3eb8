#pragma once

#include <algorithm>
#include <limits>

#include "engine/core/simd.h"
#include "engine/kernels/conv2d/conv2d.h"

namespace dmf::cpu {

// The innermost loops of every convolution kernel: a block of kRows x kPanel sums held in
// registers.
//
// kPanel is two vectors, and kRows fills the registers that remain but three or four (6 x 2 sums,
// 2 loaded vectors and a broadcast of AVX2's 16): one turn does 12 vector multiply-adds on 8 loads,
// which keeps both FMA units of a core busy.
// (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 2008.)

inline constexpr int kRows = kVectorRegisters >= 32 ? 12 : 6;

template <class T>
inline constexpr Index kPanel = 2 * Simd<T>::kLanes;

template <class T>
using Sums = typename Simd<T>::Vector[kRows][2];

/// sums[r] += sum_k rows[r][k] * matrix[k][:], matrix [depth][kPanel]
template <class T>
[[gnu::always_inline]] inline void accumulate_rows(const T* const* rows, Index depth,
                                                   const T* matrix, Sums<T>& sums) {
  using V = Simd<T>;
  const T* a[kRows];
  for (int r = 0; r < kRows; ++r) a[r] = rows[r];
  for (Index k = 0; k < depth; ++k, matrix += kPanel<T>) {
    const auto b0 = V::load(matrix), b1 = V::load(matrix + V::kLanes);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const auto value = V::broadcast(a[r][k]);
      sums[r][0] += value * b0;
      sums[r][1] += value * b1;
    }
  }
}

template <class T>
[[gnu::always_inline]] inline void store_sums(const Sums<T>& sums, T* out) {
  for (int r = 0; r < kRows; ++r) {
    Simd<T>::store(out + r * kPanel<T>, sums[r][0]);
    Simd<T>::store(out + r * kPanel<T> + Simd<T>::kLanes, sums[r][1]);
  }
}

/// An Epilogue with its channels padded to whole panels.
template <class T>
class PanelEpilogue {
 public:
  using V = Simd<T>;

  PanelEpilogue(const Epilogue<T>& epilogue, Index channels, Workspace& workspace)
      : least_(V::broadcast(epilogue.relu ? T{0} : -std::numeric_limits<T>::infinity())) {
    const Index padded = (channels + kPanel<T> - 1) / kPanel<T> * kPanel<T>;
    T* scale = workspace.take<T>(padded);
    T* shift = workspace.take<T>(padded);
    std::fill_n(scale, padded, T{1});
    std::fill_n(shift, padded, T{0});
    if (epilogue.scale) std::copy_n(epilogue.scale.data, channels, scale);
    if (epilogue.shift) std::copy_n(epilogue.shift.data, channels, shift);
    scale_ = scale;
    shift_ = shift;
  }

  /// The finished values of the vector of channels that begins at `channel`; a NaN stays a NaN.
  typename V::Vector operator()(typename V::Vector sum, Index channel) const {
    const auto value = sum * V::load(scale_ + channel) + V::load(shift_ + channel);
    return value < least_ ? least_ : value;
  }

 private:
  typename V::Vector least_;
  const T *scale_, *shift_;
};

/// out [kRows][kPanel] = rows times matrix [depth][kPanel]
template <class T>
void multiply_rows(const T* const* rows, Index depth, const T* matrix, T* out) {
  Sums<T> sums{};
  accumulate_rows<T>(rows, depth, matrix, sums);
  store_sums<T>(sums, out);
}

/// sums [kCount][kPanel] += sum over i < count of a[i * a_step + row] * b[i][:], b [count][kPanel]
template <class T, int kCount>
void accumulate_outer(const T* a, Index a_step, const T* b, Index count, T* sums) {
  using V = Simd<T>;
  typename V::Vector acc[static_cast<std::size_t>(kCount)][2];
  for (int r = 0; r < kCount; ++r) {
    acc[r][0] = V::load(sums + r * kPanel<T>);
    acc[r][1] = V::load(sums + r * kPanel<T> + V::kLanes);
  }
  for (Index i = 0; i < count; ++i, a += a_step, b += kPanel<T>) {
    const auto b0 = V::load(b), b1 = V::load(b + V::kLanes);
#pragma GCC unroll 12
    for (int r = 0; r < kCount; ++r) {
      const auto value = V::broadcast(a[r]);
      acc[r][0] += value * b0;
      acc[r][1] += value * b1;
    }
  }
  for (int r = 0; r < kCount; ++r) {
    V::store(sums + r * kPanel<T>, acc[r][0]);
    V::store(sums + r * kPanel<T> + V::kLanes, acc[r][1]);
  }
}

/// The same for a number of rows known at run time, 1 .. kRows: a product of columns,
/// sums [rows][kPanel] += a^T b with a [count][a_step] and b [count][kPanel].
template <class T, int kCount = kRows>
void multiply_columns(Index rows, const T* a, Index a_step, const T* b, Index count, T* sums) {
  if constexpr (kCount > 1) {
    if (rows < kCount) {
      return multiply_columns<T, kCount - 1>(rows, a, a_step, b, count, sums);
    }
  }
  accumulate_outer<T, kCount>(a, a_step, b, count, sums);
}

}  // namespace dmf::cpu
