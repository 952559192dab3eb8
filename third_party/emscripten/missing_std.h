#pragma once

// What C++20's library has and the one of Debian 12's emscripten (LLVM 14) has not yet. The build for the
// browser includes it before every file, so that the engine stays standard C++. To go with that version.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace std {

template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From));
  return __builtin_bit_cast(To, from);
}

/// In the fewest digits that read back the same, as far as so many are enough.
inline to_chars_result to_chars(char* first, char* last, double value) {
  char digits[32];
  int written = 0;
  for (int precision = 1; precision <= 17; ++precision) {
    written = snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (strtod(digits, nullptr) == value) break;
  }
  if (last - first < written) return {last, errc::value_too_large};
  return {copy(digits, digits + written, first), errc()};
}

/// Of decimal numbers, where the C library's locale is C's, as it is there always.
inline from_chars_result from_chars(const char* first, const char* last, double& value) {
  const string_view text(first, static_cast<size_t>(last - first));
  const string number(text.substr(0, text.find_first_not_of("0123456789.eE+-")));
  char* end = nullptr;
  const double read = strtod(number.c_str(), &end);
  if (end == number.c_str()) return {first, errc::invalid_argument};
  value = read;
  return {first + (end - number.c_str()), errc()};
}

}  // namespace std
