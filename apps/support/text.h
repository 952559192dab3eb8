#pragma once

#include <string>
#include <vector>

namespace dmf {

/// "a, b, c, d, e and 7 more": as many names as fit a line.
std::string first_few(const std::vector<std::string>& names);

}  // namespace dmf
