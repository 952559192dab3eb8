#pragma once

#include <cstdint>
#include <string_view>

namespace dmf {

/// The number in `count` bytes (1 to 4) at `at`, highest byte first; they must be there.
inline std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t k = 0; k < count; ++k) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  }
  return value;
}

/// The number in `count` bytes (1 to 4) at `at`, lowest byte first; they must be there.
inline std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t k = count; k-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + k]);
  }
  return value;
}

}  // namespace dmf
