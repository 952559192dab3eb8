#pragma once

#include <type_traits>

#include "engine/core/bfloat16.h"
#include "engine/cuda/launch.cuh"
#include "engine/tensor/view.h"

// Elements as they lie in memory (float, double, bfloat16) and as they are computed with.

namespace dmf::cuda {

/// What an element is computed in.
template <class E>
using ComputeType = std::conditional_t<std::is_same_v<E, bfloat16>, float, E>;

template <class E>
__device__ ComputeType<E> load(E element) {
  return static_cast<ComputeType<E>>(element);
}
template <class E>
__device__ E store(ComputeType<E> value) {
#if defined(__CUDA_ARCH__)
  if constexpr (std::is_same_v<E, bfloat16>) {  // one instruction, and the same rounding
    bfloat16 half;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(half.bits) : "f"(value));
    return half;
  } else {
    return value;
  }
#else
  return E(value);
#endif
}

/// Elements that one access of 16 bytes moves.
template <class E>
inline constexpr int kPack = static_cast<int>(16 / sizeof(E));

template <class E, int N = kPack<E>>
struct alignas(N * sizeof(E)) Pack {
  E at[N];
};

/// True where `count` elements a row can be moved 16 bytes at a time.
template <class E>
bool packs(Index count) {
  return count % kPack<E> == 0;
}

/// Calls body(kV as a constant): elements that one access takes of a row of C channels.
template <class E, class Body>
void with_pack(Index C, const Body& body) {
  if (packs<E>(C)) {
    body(std::integral_constant<int, kPack<E>>());
  } else {
    body(std::integral_constant<int, 1>());
  }
}

/// Calls body(E{}) with the type that the view's elements have in memory.
template <class T, class Body>
void with_element(Storage storage, const Body& body) {
  if constexpr (std::is_same_v<T, float>) {
    if (storage == Storage::bfloat16) return body(bfloat16{});
  }
  body(T{});
}

/// The view's memory as elements of their true type.
template <class E, class T>
auto elements(View<T> view) {
  if constexpr (std::is_same_v<E, bfloat16>) {
    return view.halves;
  } else {
    return view.data;
  }
}

/// Division by a number that is known before the kernel starts, for dividends below 2^31: a
/// multiplication and a shift (Granlund & Montgomery 1994).
struct Divisor {
  unsigned value = 1, multiplier = 1, shift = 0;

  Divisor() = default;
  explicit Divisor(Index by) : value(static_cast<unsigned>(by)) {
    while ((std::uint64_t{1} << shift) < value) ++shift;
    multiplier = static_cast<unsigned>(
        ((std::uint64_t{1} << 32) * ((std::uint64_t{1} << shift) - value)) / value + 1);
  }
  __device__ unsigned divide(unsigned by) const { return (__umulhi(by, multiplier) + by) >> shift; }
};

}  // namespace dmf::cuda
