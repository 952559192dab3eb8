#pragma once

#include <string>
#include <string_view>

namespace dmf {

/// The bytes of base64 text (RFC 4648); line ends and blanks in it are skipped.
///
/// throws  IoError with `where` for any other character, or padding that is not at the end
std::string decode_base64(std::string_view text, const std::string& where);

}  // namespace dmf
