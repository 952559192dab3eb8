#include "apps/support/text.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <sstream>

namespace dmf {

std::string first_few(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  const std::span<const std::string> shown(names.data(), std::min(kShown, names.size()));
  return fmt::format(
      "{}{}", fmt::join(shown, ", "),
      names.size() > kShown ? fmt::format(" and {} more", names.size() - kShown) : "");
}

std::string grouped(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > sign + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  const std::size_t room = width > indent ? width - indent : 1;
  std::istringstream words(text);
  std::string result;
  std::size_t column = indent;
  for (std::string word; words >> word;) {
    if (column > indent && column + 1 + word.size() > width) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    while (word.size() > room) {
      const std::size_t comma = word.rfind(',', room - 1);
      if (comma == std::string::npos) break;
      result += word.substr(0, comma + 1) + "\n" + std::string(indent, ' ');
      word.erase(0, comma + 1);
    }
    result += word;
    column += word.size();
  }
  return result;
}

std::string fit_line(const std::string& line, std::size_t width) {
  if (line.size() <= width) return line;
  constexpr std::size_t kLabel = 10;
  const bool has_label = line[kLabel - 1] == ' ' && line[kLabel] != ' ' &&
                         line.find_first_of(' ') <= kLabel &&
                         line.find_first_not_of(' ', line.find_first_of(' ')) == kLabel;
  if (has_label && width > 2 * kLabel) {
    return line.substr(0, kLabel) + wrapped(line.substr(kLabel), kLabel, width);
  }
  return wrapped(line, 2, width);
}

}  // namespace dmf
