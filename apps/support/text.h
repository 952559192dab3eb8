#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dmf {

/// "a, b, c, d, e and 7 more": as many names as fit a line.
std::string first_few(const std::vector<std::string>& names);

/// "1,941,570".
std::string grouped(std::int64_t number);

/// Breaks a text into lines of at most `width` letters, at blanks and, in longer lists, at commas,
/// with so many blanks before each line but the first.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width);

/// A line as it is where it has at most `width` letters; else broken as wrapped() does, what follows
/// a label of ten columns ("data      BUSI: ...") beneath its text, of others two columns in.
std::string fit_line(const std::string& line, std::size_t width);

}  // namespace dmf
