#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dmf {

/// What a JPEG's markers say, as far as the file goes.
struct JpegFacts {
  std::int64_t width = 0, height = 0;
  std::size_t end_of_scans = 0;  // where the last scan's coded pixels end
  bool end_marker = false;       // whether an EOI follows
  bool all_scans = false;        // whether every coefficient of every component was sent in full
  std::optional<std::string_view> exif;  // the content of the first EXIF block
};

/// Walks over a JPEG's segments without decoding. What follows EOI is left alone.
///
/// throws  IoError for a file without a frame of pixels that the decoder knows (8 bits a sample,
///         Huffman codes) or without any scan, saying which
/// source  ITU-T T.81, annex B
JpegFacts check_jpeg(std::string_view bytes, std::string_view name);

}  // namespace dmf
