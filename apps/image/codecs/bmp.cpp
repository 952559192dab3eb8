#include <algorithm>

#include "apps/image/codecs/bytes.h"
#include "apps/image/codecs/decoders.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

struct BmpHeader {
  std::size_t pixels = 0;    // where they begin
  std::uint32_t header = 0;  // bytes of the second header
  std::int64_t width = 0, height = 0;
  bool top_down = false;
  int bits = 0;
  std::uint32_t compression = 0, colours = 0;
};

/// source  Microsoft's BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER
BmpHeader read_header(std::string_view bytes, std::string_view name) {
  constexpr std::size_t kFileHeader = 14;
  DMF_CHECK(bytes.size() >= kFileHeader + 12, IoError,
            "[image] {} is a damaged BMP: it ends early, in its header.", name);
  const auto field = [&](std::size_t at, std::size_t count) {
    return little_endian(bytes, at, count);
  };
  BmpHeader h;
  h.pixels = field(10, 4);
  h.header = field(14, 4);
  const bool core = h.header == 12;
  DMF_CHECK(
      core || h.header == 40 || h.header == 56 || h.header == 108 || h.header == 124, IoError,
      "[image] {} is a BMP with a header of {} bytes: expected 12, 40, 56, 108 or 124. Save it "
      "as PNG.",
      name, h.header);
  DMF_CHECK(bytes.size() >= kFileHeader + h.header, IoError,
            "[image] {} is a damaged BMP: it ends early, in its header.", name);
  h.width =
      core ? static_cast<std::int64_t>(field(18, 2)) : static_cast<std::int32_t>(field(18, 4));
  h.height =
      core ? static_cast<std::int64_t>(field(20, 2)) : static_cast<std::int32_t>(field(22, 4));
  h.top_down = h.height < 0;
  h.height = std::abs(h.height);
  h.bits = static_cast<int>(field(core ? 24 : 28, 2));
  if (!core) {
    h.compression = field(30, 4);
    h.colours = field(46, 4);
  }
  return h;
}

void check_header(const BmpHeader& h, std::size_t bytes, std::string_view name) {
  check_size(h.width, h.height, name);
  DMF_CHECK(h.compression != 1 && h.compression != 2, IoError,
            "[image] {} is a run-length compressed BMP, which is not read: save it as PNG.", name);
  DMF_CHECK(h.compression == 0 || h.compression == 3, IoError,
            "[image] {} is a BMP with compression {}, which is not read: save it as PNG.", name,
            h.compression);
  DMF_CHECK(
      h.bits == 1 || h.bits == 4 || h.bits == 8 || h.bits == 16 || h.bits == 24 || h.bits == 32,
      IoError, "[image] {} is a damaged BMP: {} bits a pixel, expected 1, 4, 8, 16, 24 or 32.",
      name, h.bits);
  DMF_CHECK(h.compression == 0 || h.bits == 16 || h.bits == 32, IoError,
            "[image] {} is a damaged BMP: masks of bits do not go with {} bits a pixel.", name,
            h.bits);
  DMF_CHECK(h.pixels >= 14 + h.header, IoError,
            "[image] {} is a damaged BMP: its pixels begin at byte {}, inside its header.", name,
            h.pixels);
  const auto width = static_cast<std::size_t>(h.width), height = static_cast<std::size_t>(h.height),
             bits = static_cast<std::size_t>(h.bits);
  const std::size_t stride = (width * bits + 31) / 32 * 4;
  const std::size_t needed = h.pixels + stride * (height - 1) + (width * bits + 7) / 8;
  DMF_CHECK(bytes >= needed, IoError,
            "[image] {} is a damaged BMP: it ends early, after {} bytes, where its header asks for "
            "{}.",
            name, bytes, needed);
}

RawImage with_palette(const BmpHeader& h, std::string_view bytes, std::string_view name) {
  const std::size_t entry = h.header == 12 ? 3 : 4, begin = 14 + h.header;
  const std::size_t most = std::size_t{1} << h.bits;
  const std::size_t room = (h.pixels - begin) / entry;
  const std::size_t colours = std::min({h.colours == 0 ? most : h.colours, most, room});
  RawImage raw{static_cast<int>(h.height), static_cast<int>(h.width)};
  for (std::size_t k = 0; k < colours; ++k) {
    const auto part = [&](std::size_t c) {
      return static_cast<std::uint8_t>(bytes[begin + k * entry + c]);
    };
    raw.palette.push_back({part(2), part(1), part(0), 255});
  }
  const std::size_t stride = (static_cast<std::size_t>(h.width * h.bits) + 31) / 32 * 4;
  raw.indices.reserve(static_cast<std::size_t>(h.width * h.height));
  for (std::int64_t y = 0; y < h.height; ++y) {
    const std::int64_t line = h.top_down ? y : h.height - 1 - y;
    const std::string_view row = bytes.substr(h.pixels + static_cast<std::size_t>(line) * stride);
    for (std::int64_t x = 0; x < h.width; ++x) {
      const std::int64_t bit = x * h.bits;
      const auto byte = static_cast<unsigned char>(row[static_cast<std::size_t>(bit / 8)]);
      raw.indices.push_back(
          static_cast<std::uint8_t>(byte >> (8 - h.bits - bit % 8) & ((1 << h.bits) - 1)));
    }
  }
  raw.bits = h.bits;
  apply_palette(raw, false, name);
  return raw;
}

}  // namespace

RawImage decode_bmp(std::string_view bytes, std::string_view name) {
  const BmpHeader header = read_header(bytes, name);
  check_header(header, bytes.size(), name);
  if (header.bits <= 8) return with_palette(header, bytes, name);
  StbResult result = decode_with_stb(bytes);
  DMF_CHECK(result.reason.empty(), IoError, "[image] {} is a BMP that cannot be decoded ({}).",
            name, result.reason);
  return std::move(result.raw);
}

}  // namespace dmf
