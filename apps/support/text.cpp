#include "apps/support/text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace dmf {

std::string first_few(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  const std::span<const std::string> shown(names.data(), std::min(kShown, names.size()));
  return fmt::format(
      "{}{}", fmt::join(shown, ", "),
      names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

std::string wrapped(const std::string& text, std::size_t indent) {
  constexpr std::size_t kColumns = 80;
  std::string result;
  std::size_t begin = 0, room = kColumns;
  while (text.size() - begin > room) {
    std::size_t end = text.rfind(' ', begin + room);
    if (end == std::string::npos || end <= begin) end = text.find(' ', begin + room);
    if (end == std::string::npos) break;
    result += text.substr(begin, end - begin) + '\n' + std::string(indent, ' ');
    begin = end + 1;
    room = kColumns - indent;
  }
  return result + text.substr(begin);
}

}  // namespace dmf
