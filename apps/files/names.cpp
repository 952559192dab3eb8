#include "apps/files/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace dmf {
namespace {

/// Bytes of the character that the text starts with, 0 where it is no UTF-8 (overlong forms,
/// surrogates and what lies above U+10FFFF included).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  const auto digit = [](const std::string& s, std::size_t k) {
    return k < s.size() && std::isdigit(static_cast<unsigned char>(s[k])) != 0;
  };
  while (i < a.size() && j < b.size()) {
    if (digit(a, i) && digit(b, j)) {
      const auto number = [&](const std::string& s, std::size_t& k) {
        while (digit(s, k) && s[k] == '0') ++k;
        std::string digits;
        while (digit(s, k)) digits += s[k++];
        return digits;
      };
      const std::string x = number(a, i), y = number(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
    }
  }
  if ((i < a.size()) != (j < b.size())) return j < b.size();
  return a < b;  // equal but for leading zeros
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string escaped_name(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const auto first = static_cast<unsigned char>(name.front());
    const std::size_t length = utf8_length(name);
    const bool control = first < 0x20 || first == 0x7F ||
                         (first == 0xC2 && length == 2 &&
                          static_cast<unsigned char>(name[1]) < 0xA0);  // U+0080 to U+009F
    const std::size_t taken = std::max<std::size_t>(length, 1);
    if (length == 0 || control || first == '\\') {
      for (std::size_t i = 0; i < taken; ++i) {
        text += fmt::format("\\x{:02x}", static_cast<unsigned char>(name[i]));
      }
    } else {
      text += name.substr(0, taken);
    }
    name.remove_prefix(taken);
  }
  return text;
}

}  // namespace dmf
