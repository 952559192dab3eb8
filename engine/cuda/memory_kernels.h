#pragma once

#include <cstddef>
#include <cstdint>

namespace dmf::cuda {

inline constexpr std::size_t kLargestConstant = 16384;

/// Stores bytes of the CPU's at `to`, by way of the parameters of a kernel: a graph that is being
/// recorded keeps the bytes themselves, not where they were.
void store_constant(void* to, const void* from, std::size_t bytes);

/// `count` copies of the lowest 1, 2, 4 or 8 bytes of `pattern`.
void fill_pattern(void* to, std::uint64_t pattern, std::size_t pattern_bytes, std::size_t count);

}  // namespace dmf::cuda
