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

}  // namespace dmf
