#pragma once

#include <cstdint>

#include "engine/core/bfloat16.h"
#include "engine/cuda/launch.cuh"

// The instructions that C++ has no words for: asynchronous copies to shared memory, and what feeds
// and drives the tensor cores. Layouts are those of the PTX manual, sections "Matrix fragments for
// mma.m16n8k8" (.tf32) and "mma.m16n8k16" (.bf16): with g = lane / 4 and t = lane % 4,
//
//   c[0..3]   rows g, g, g + 8, g + 8, columns 2t, 2t + 1, 2t, 2t + 1
//   a[0..3]   rows g, g + 8, g, g + 8; 32-bit words t, t, t + 4, t + 4 of the row along k
//   b[0..1]   column g, words t and t + 4 along k
//
// where a word is one float, or two neighbouring bfloat16.

namespace dmf::cuda {

/// Copies kBytes (4, 8 or 16) into shared memory, or zeros if not valid; arrives at wait_copies().
/// kReused: by the same multiprocessor, which then keeps it in its first cache.
template <int kBytes, bool kReused = false>
__device__ inline void copy_async(void* to, const void* from, bool valid) {
#ifdef DMF_CUDA_EMULATED
  emulator::copy_async(to, from, kBytes, valid ? kBytes : 0);
#else
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(to));
  const int bytes = valid ? kBytes : 0;
  if constexpr (kBytes == 16 && !kReused) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(at), "l"(from), "r"(bytes)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(at), "l"(from), "n"(kBytes),
                 "r"(bytes)
                 : "memory");
  }
#endif
}

/// Ends a group of copies.
__device__ inline void commit_copies() {
#ifdef DMF_CUDA_EMULATED
  emulator::commit_copies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/// Waits until at most kPending groups of this thread's copies are still under way.
template <int kPending>
__device__ inline void wait_copies() {
#ifdef DMF_CUDA_EMULATED
  emulator::wait_copies(kPending);
#else
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
#endif
}

/// Four 8 x 8 matrices of 16-bit elements from shared memory: lane l names the 16-byte row l % 8 of
/// matrix l / 8, and gets of each matrix the word l % 4 of row l / 4; transposed, the elements
/// [2 (l % 4)] and [2 (l % 4) + 1] of column l / 4.
template <bool kTransposed = false>
__device__ inline void load_matrices(unsigned (&to)[4], const void* row) {
#ifdef DMF_CUDA_EMULATED
  const void* rows = emulator::exchange(&row, sizeof row);
  const unsigned lane = emulator::lane();
  for (unsigned i = 0; i < 4; ++i) {
    const auto element = [&](unsigned r, unsigned c) {
      const auto* from =
          *static_cast<const std::uint16_t* const*>(emulator::exchanged_by(rows, 8 * i + r));
      return static_cast<unsigned>(from[c]);
    };
    const unsigned t = lane % 4, g = lane / 4;
    to[i] = kTransposed ? element(2 * t, g) | element(2 * t + 1, g) << 16
                        : element(g, 2 * t) | element(g, 2 * t + 1) << 16;
  }
#else
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (kTransposed) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at)
                 : "memory");
  } else {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(at)
                 : "memory");
  }
#endif
}

/// Rounds to the 11 bits that a tensor core reads of a float, ties away from zero.
__device__ inline unsigned round_to_tf32(unsigned bits) {
#ifdef DMF_CUDA_EMULATED
  return (bits & 0x7f800000U) == 0x7f800000U ? bits : (bits + 0x1000U) & 0xffffe000U;
#else
  unsigned rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(__uint_as_float(bits)));
  return rounded;
#endif
}

#ifdef DMF_CUDA_EMULATED

/// c += a b of one warp; factor(word, half) gives the numbers that a word holds.
template <int kPerWord, class Factor>
void emulate_mma(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                 const Factor& factor) {
  const unsigned mine[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  const void* all = emulator::exchange(mine, sizeof mine);
  const unsigned lane = emulator::lane();
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
    for (unsigned word = 0; word < 8; ++word) {
      const auto* from_a =
          static_cast<const unsigned*>(emulator::exchanged_by(all, 4 * (row % 8) + word % 4));
      const auto* from_b =
          static_cast<const unsigned*>(emulator::exchanged_by(all, 4 * column + word % 4));
      const unsigned in_a = from_a[row / 8 + 2 * (word / 4)], in_b = from_b[4 + word / 4];
      for (int half = 0; half < kPerWord; ++half) c[i] += factor(in_a, half) * factor(in_b, half);
    }
  }
}

#endif

/// c += a b, 16 x 8 x 8 floats of which 11 bits count
__device__ inline void multiply_tf32(float (&c)[4], const unsigned (&a)[4],
                                     const unsigned (&b)[2]) {
#ifdef DMF_CUDA_EMULATED
  emulate_mma<1>(c, a, b,
                 [](unsigned word, int) { return std::bit_cast<float>(word & 0xffffe000U); });
#else
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/// c += a b, 16 x 8 x 16
__device__ inline void multiply_bf16(float (&c)[4], const unsigned (&a)[4],
                                     const unsigned (&b)[2]) {
#ifdef DMF_CUDA_EMULATED
  emulate_mma<2>(c, a, b, [](unsigned word, int half) {
    return std::bit_cast<float>(half == 0 ? word << 16 : word & 0xffff0000U);
  });
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

}  // namespace dmf::cuda
