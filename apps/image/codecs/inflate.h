#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dmf {

// By libdeflate in inflate.cpp; in inflate_absent.cpp without it.

/// What a zlib stream (RFC 1950) holds; none where that is not exactly so many bytes, or not known here.
std::optional<std::string> inflate(std::string_view zlib, std::size_t size);

/// The checksum of PNG files (ISO 3309).
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace dmf
