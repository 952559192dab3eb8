#include "apps/data/annotations/base64.h"

#include <cstdint>

#include "engine/core/check.h"

namespace dmf {

std::string decode_base64(std::string_view text, const std::string& where) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t held = 0;
  int bits = 0;
  bool ended = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    const std::size_t digit = kDigits.find(c);
    DMF_CHECK(c == '=' || (digit != std::string_view::npos && !ended), IoError,
              "{}: is not base64.", where);
    ended = ended || c == '=';
    if (ended) continue;
    held = (held << 6 | static_cast<std::uint32_t>(digit)) & 0xFFFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(held >> bits & 0xFF);
    }
  }
  return bytes;
}

}  // namespace dmf
