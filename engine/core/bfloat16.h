#pragma once

#include <bit>
#include <cstdint>

namespace dmf {

/// The upper half of a float: 8 bits of exponent, 8 of precision. A storage format alone: it is
/// converted to float before anything is computed.
struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  /// To the nearest, ties to even; a NaN stays one.
  constexpr explicit bfloat16(float value) : bits(rounded(std::bit_cast<std::uint32_t>(value))) {}
  constexpr explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }

 private:
  static constexpr std::uint16_t rounded(std::uint32_t word) {
    const bool nan = (word & 0x7fffffffU) > 0x7f800000U;
    const std::uint32_t up = word + 0x7fffU + ((word >> 16) & 1U);
    return static_cast<std::uint16_t>((nan ? word | 0x400000U : up) >> 16);
  }
};

}  // namespace dmf
