#pragma once

#include <cstdint>
#include <string_view>

namespace dmf {

/// A 32-bit cyclic redundancy check bit by bit, to hold the libraries' against.
///
/// polynomial  reflected: 0xedb88320 for CRC-32, 0x82f63b78 for CRC-32C
inline std::uint32_t crc_of(std::string_view bytes, std::uint32_t polynomial) {
  std::uint32_t crc = 0xffffffffu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (polynomial & (0u - (crc & 1u)));
  }
  return ~crc;
}

}  // namespace dmf
