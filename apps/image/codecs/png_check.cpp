#include "apps/image/codecs/png_check.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "apps/image/codecs/bytes.h"
#include "apps/image/codecs/inflate.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);

struct Chunk {
  std::string_view type, data;
};

/// Takes the chunk at `at`, which moves behind it.
Chunk take_chunk(std::string_view bytes, std::size_t& at, std::string_view name) {
  constexpr std::size_t kAround = 12;  // length, type and checksum
  DMF_CHECK(bytes.size() - at >= kAround, IoError,
            "[image] {} is a damaged PNG: it ends early, at byte {} without its IEND chunk.", name,
            bytes.size());
  const std::uint32_t length = big_endian(bytes, at, 4);
  DMF_CHECK(length <= bytes.size() - at - kAround, IoError,
            "[image] {} is a damaged PNG: the chunk at byte {} claims {} bytes, more than follow.",
            name, at, length);
  const Chunk chunk{bytes.substr(at + 4, 4), bytes.substr(at + 8, length)};
  const std::uint32_t checksum = crc32_of(bytes.substr(at + 4, 4 + std::size_t{length}));
  DMF_CHECK(checksum == big_endian(bytes, at + 8 + length, 4), IoError,
            "[image] {} is a damaged PNG: the checksum of the chunk at byte {} is wrong.", name,
            at);
  at += kAround + length;
  return chunk;
}

PngFacts read_header(const Chunk& header, std::string_view name) {
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
  PngFacts facts;
  facts.width = big_endian(header.data, 0, 4);
  facts.height = big_endian(header.data, 4, 4);
  facts.bits = field(8);
  facts.colour_type = field(9);
  facts.interlaced = field(12) != 0;
  return facts;
}

void read_palette(PngFacts& facts, std::string_view data, std::string_view name) {
  const std::size_t colours = data.size() / 3;
  DMF_CHECK(facts.palette.empty() && data.size() % 3 == 0 && colours >= 1 &&
                colours <= std::size_t{1} << facts.bits,
            IoError,
            "[image] {} is a damaged PNG: a palette of {} bytes, expected one of 1 to {} colours.",
            name, data.size(), 1 << facts.bits);
  for (std::size_t k = 0; k < colours; ++k) {
    const auto part = [&](std::size_t c) { return static_cast<std::uint8_t>(data[3 * k + c]); };
    facts.palette.push_back({part(0), part(1), part(2), 255});
  }
}

void read_transparency(PngFacts& facts, std::string_view data, std::string_view name) {
  facts.transparency = true;
  if (facts.colour_type != 3) return;
  DMF_CHECK(data.size() <= facts.palette.size(), IoError,
            "[image] {} is a damaged PNG: transparencies of {} colours, the palette before them "
            "has {}.",
            name, data.size(), facts.palette.size());
  for (std::size_t k = 0; k < data.size(); ++k) {
    facts.palette[k][3] = static_cast<std::uint8_t>(data[k]);
  }
}

/// Calls body(chunk, all its bytes) for every one of a sound file.
template <class Body>
void for_each_chunk(std::string_view bytes, const Body& body) {
  for (std::size_t at = kSignature.size(); at < bytes.size();) {
    const std::string_view whole = bytes.substr(at, 12 + std::size_t{big_endian(bytes, at, 4)});
    const Chunk chunk{whole.substr(4, 4), whole.substr(8, whole.size() - 12)};
    body(chunk, whole);
    if (chunk.type == "IEND") break;
    at += whole.size();
  }
}

constexpr std::size_t kStoredBlock = 65535;  // bytes of an uncompressed block at most
constexpr std::string_view kZlibHeader = "\x78\x01";

}  // namespace

bool is_png(std::string_view bytes) {
  std::size_t equal = 0;
  for (std::size_t k = 0; k < std::min(bytes.size(), kSignature.size()); ++k) {
    equal += bytes[k] == kSignature[k] ? 1u : 0u;
  }
  return equal >= 6 || (bytes.size() >= 4 && bytes.substr(1, 3) == "PNG");
}

PngFacts check_png(std::string_view bytes, std::string_view name) {
  DMF_CHECK(bytes.starts_with(kSignature), IoError,
            "[image] {} is a damaged PNG: its signature is wrong, as after a transfer as text.",
            name);
  std::size_t at = kSignature.size();
  PngFacts facts = read_header(take_chunk(bytes, at, name), name);
  bool pixels = false;
  for (Chunk chunk = take_chunk(bytes, at, name); chunk.type != "IEND";
       chunk = take_chunk(bytes, at, name)) {
    if (chunk.type == "PLTE" && facts.colour_type == 3) read_palette(facts, chunk.data, name);
    if (chunk.type == "tRNS") read_transparency(facts, chunk.data, name);
    if (chunk.type == "eXIf") facts.exif = chunk.data;
    pixels = pixels || chunk.type == "IDAT";
    DMF_CHECK(!pixels || !facts.palette.empty() || facts.colour_type != 3, IoError,
              "[image] {} is a damaged PNG: it has colour type 3 and no palette.", name);
  }
  DMF_CHECK(pixels, IoError, "[image] {} is a damaged PNG: it has no IDAT chunk.", name);
  return facts;
}

std::string as_grey_png(std::string_view bytes) {
  constexpr std::size_t kColourType = 8 + 8 + 9;
  std::string grey(kSignature);
  for_each_chunk(bytes, [&](const Chunk& chunk, std::string_view whole) {
    if (chunk.type != "PLTE" && chunk.type != "tRNS") grey += whole;
  });
  grey[kColourType] = '\0';
  return grey;
}

std::optional<std::string> as_stored_png(std::string_view bytes, const PngFacts& facts) {
  constexpr std::int64_t kMost = std::int64_t{1} << 26;
  static const std::map<int, int> kSamples = {{0, 1}, {2, 3}, {3, 1}, {4, 2}, {6, 4}};
  const std::int64_t row = 1 + (facts.width * kSamples.at(facts.colour_type) * facts.bits + 7) / 8;
  if (facts.interlaced || facts.height * row > kMost) return std::nullopt;
  std::string compressed, before(kSignature), behind;
  for_each_chunk(bytes, [&](const Chunk& chunk, std::string_view whole) {
    if (chunk.type == "IDAT") {
      compressed += chunk.data;
    } else {
      (compressed.empty() ? before : behind) += whole;
    }
  });
  const std::optional<std::string> rows =
      inflate(compressed, static_cast<std::size_t>(facts.height * row));
  if (!rows) return std::nullopt;
  const std::size_t blocks = (rows->size() + kStoredBlock - 1) / kStoredBlock;
  const std::size_t length = kZlibHeader.size() + 5 * blocks + rows->size() + 4;
  std::string& png = before;
  png.reserve(png.size() + length + 12 + behind.size());
  for (int shift = 24; shift >= 0; shift -= 8) png += static_cast<char>(length >> shift & 0xff);
  png.append("IDAT").append(kZlibHeader);
  for (std::size_t at = 0; at < rows->size(); at += kStoredBlock) {
    const std::string_view block = std::string_view(*rows).substr(at, kStoredBlock);
    png += at + block.size() == rows->size() ? '\1' : '\0';  // the last
    for (const std::size_t word : {block.size(), 0xffff - block.size()}) {
      png += static_cast<char>(word & 0xff);
      png += static_cast<char>(word >> 8);
    }
    png += block;
  }
  png.append(8,
             '\0');  // the stream's checksum and the chunk's, which decode_with_stb() passes over
  return png += behind;
}

}  // namespace dmf
