#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// Whether the bytes begin like a PNG file, perhaps a damaged one ("\x89PNG" or most of it).
bool is_png(std::string_view bytes);

/// What a sound PNG says of itself.
struct PngFacts {
  std::int64_t width = 0, height = 0;
  int bits = 8;  // of a sample, or of an index into the palette
  bool interlaced = false;
  int colour_type = 0;  // 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA
  std::vector<std::array<std::uint8_t, 4>> palette;  // of colour type 3, with its transparency
  bool transparency = false;                         // whether there is a tRNS chunk
  std::optional<std::string_view> exif;              // the content of an eXIf chunk
};

/// Looks at what the decoder does not: the signature, every chunk's length and checksum, the
/// header's fields, the palette, and that the chunks an image needs are there in order. What
/// follows IEND is left alone.
///
/// name    for messages
/// throws  IoError naming what is wrong and where
/// source  Portable Network Graphics (PNG) Specification (Second Edition), ISO/IEC 15948:2003,
///         5 and 11.2
PngFacts check_png(std::string_view bytes, std::string_view name);

/// A PNG with a palette as a grey one whose samples are the indices: colour type 0, no palette.
/// Checksums are left as they were.
std::string as_grey_png(std::string_view bytes);

/// A sound PNG whose pixels are not compressed, for a decoder that is slow at that; none where they are
/// interlaced, more than 64 MB, or not what the header says.
///
/// source  DEFLATE Compressed Data Format Specification, RFC 1951, 3.2.4
std::optional<std::string> as_stored_png(std::string_view bytes, const PngFacts& facts);

}  // namespace dmf
