#pragma once

#include <cstring>

// Vectors of the host's width through the compiler's generic vector extension (GCC and Clang): the
// same source becomes AVX2, AVX-512 or NEON. No intrinsics, no assembly.

namespace dmf {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
inline constexpr int kVectorRegisters = 32;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32;
inline constexpr int kVectorRegisters = 16;
#elif defined(__aarch64__)
inline constexpr int kVectorBytes = 16;
inline constexpr int kVectorRegisters = 32;
#else
inline constexpr int kVectorBytes = 16;
inline constexpr int kVectorRegisters = 16;
#endif

template <class T>
struct Simd {
  static constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
  using Vector [[gnu::vector_size(kVectorBytes)]] = T;

  static Vector load(const T* from) {
    Vector v;
    std::memcpy(&v, from, sizeof v);  // one unaligned load
    return v;
  }
  static void store(T* to, Vector v) { std::memcpy(to, &v, sizeof v); }
  static Vector broadcast(T value) { return value - Vector{}; }
};

}  // namespace dmf
