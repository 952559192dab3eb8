#include "apps/image/png_check.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstdint>
#include <map>
#include <set>

#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int k = 0; k < 4; ++k) {
    value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(k)]);
  }
  return value;
}

struct Chunk {
  std::string_view type, data;
};

/// Takes the chunk at `at`, which moves behind it.
Chunk take_chunk(std::string_view bytes, std::size_t& at, std::string_view name) {
  constexpr std::size_t kAround = 12;  // length, type and checksum
  DMF_CHECK(bytes.size() - at >= kAround, IoError,
            "[image] {} is a damaged PNG: it ends at byte {} without its IEND chunk.", name,
            bytes.size());
  const std::uint32_t length = big_endian(bytes.substr(at));
  DMF_CHECK(length <= bytes.size() - at - kAround, IoError,
            "[image] {} is a damaged PNG: the chunk at byte {} claims {} bytes, more than follow.",
            name, at, length);
  const Chunk chunk{bytes.substr(at + 4, 4), bytes.substr(at + 8, length)};
  boost::crc_32_type crc;
  crc.process_bytes(chunk.type.data(), 4 + std::size_t{length});
  DMF_CHECK(crc.checksum() == big_endian(bytes.substr(at + 8 + length)), IoError,
            "[image] {} is a damaged PNG: the checksum of the chunk at byte {} is wrong.", name,
            at);
  at += kAround + length;
  return chunk;
}

void check_header(const Chunk& header, std::string_view name) {
  DMF_CHECK(header.type == "IHDR" && header.data.size() == 13, IoError,
            "[image] {} is a damaged PNG: it does not begin with a header of 13 bytes.", name);
  static const std::map<int, std::set<int>> kDepths = {
      {0, {1, 2, 4, 8, 16}}, {2, {8, 16}}, {3, {1, 2, 4, 8}}, {4, {8, 16}}, {6, {8, 16}}};
  const auto field = [&](std::size_t k) {
    return static_cast<int>(static_cast<unsigned char>(header.data[k]));
  };
  const auto depths = kDepths.find(field(9));
  DMF_CHECK(depths != kDepths.end(), IoError,
            "[image] {} is a damaged PNG: colour type {}, expected 0, 2, 3, 4 or 6.", name,
            field(9));
  DMF_CHECK(depths->second.contains(field(8)), IoError,
            "[image] {} is a damaged PNG: {} bits a sample do not go with colour type {}.", name,
            field(8), field(9));
  DMF_CHECK(field(10) == 0 && field(11) == 0 && field(12) <= 1, IoError,
            "[image] {} is a damaged PNG: compression {}, filter {}, interlace {}: expected 0, 0, "
            "and 0 or 1.",
            name, field(10), field(11), field(12));
}

}  // namespace

bool is_png(std::string_view bytes) {
  std::size_t equal = 0;
  for (std::size_t k = 0; k < std::min(bytes.size(), kSignature.size()); ++k) {
    equal += bytes[k] == kSignature[k] ? 1u : 0u;
  }
  return equal >= 6 || bytes.substr(1, 3) == "PNG";
}

void check_png(std::string_view bytes, std::string_view name) {
  DMF_CHECK(bytes.starts_with(kSignature), IoError,
            "[image] {} is a damaged PNG: its signature is wrong, as after a transfer as text.",
            name);
  std::size_t at = kSignature.size();
  const Chunk header = take_chunk(bytes, at, name);
  check_header(header, name);
  bool palette = false, pixels = false;
  for (Chunk chunk = take_chunk(bytes, at, name); chunk.type != "IEND";
       chunk = take_chunk(bytes, at, name)) {
    palette = palette || chunk.type == "PLTE";
    pixels = pixels || chunk.type == "IDAT";
  }
  DMF_CHECK(pixels, IoError, "[image] {} is a damaged PNG: it has no IDAT chunk.", name);
  DMF_CHECK(palette || header.data[9] != 3, IoError,
            "[image] {} is a damaged PNG: it has colour type 3 and no palette.", name);
}

}  // namespace dmf
