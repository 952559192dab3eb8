#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dmf {

/// The number that a text is, all of it: no blanks, no '+', a point whatever the locale. What is
/// written with fmt is read back, subnormal numbers, "inf" and "nan" included.
///
/// return  nothing for any other text, and for numbers that a double cannot hold
std::optional<double> parse_number(std::string_view text);

/// The whole number that a text is: decimal digits, '-' before them where T has a sign.
///
/// T       int, std::size_t, std::int64_t or std::uint64_t
/// return  nothing for any other text, and for numbers outside of T
template <class T>
std::optional<T> parse_whole(std::string_view text);

/// The number with so many significant digits; itself where that would be too large for a double.
double rounded(double value, int digits);

/// A loss for a log: three decimals, or four significant digits where these would be many more.
std::string loss_text(double value);

}  // namespace dmf
