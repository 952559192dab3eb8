#pragma once

#include <string_view>

namespace dmf {

/// Whether the bytes begin like a PNG file, perhaps a damaged one ("\x89PNG" or most of it).
bool is_png(std::string_view bytes);

/// Looks at what the decoder does not: the signature, every chunk's length and checksum, the
/// header's fields, and that the chunks an image needs are there in order. What follows IEND is
/// left alone.
///
/// name    for messages
/// throws  IoError naming what is wrong and where
/// source  Portable Network Graphics (PNG) Specification (Second Edition), ISO/IEC 15948:2003,
///         5 and 11.2
void check_png(std::string_view bytes, std::string_view name);

}  // namespace dmf
