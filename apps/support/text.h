#pragma once

#include <string>
#include <vector>

namespace dmf {

/// "a, b, c, d, e and 7 more": as many names as fit a line.
std::string first_few(const std::vector<std::string>& names);

/// The text in lines of at most 80 columns, broken at blanks, all but the first set in.
std::string wrapped(const std::string& text, std::size_t indent);

}  // namespace dmf
