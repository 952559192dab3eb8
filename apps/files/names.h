#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// "image2" before "image10": runs of digits compare as numbers.
bool natural_less(const std::string& a, const std::string& b);

/// ASCII letters made small; other bytes as they are.
std::string lower_case(std::string text);

/// A name as valid UTF-8 on one line: bytes that are no UTF-8, control characters and the backslash
/// become "\xNN". Two names never become the same text.
std::string escaped_name(std::string_view name);

}  // namespace dmf
