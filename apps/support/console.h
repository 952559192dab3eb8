#pragma once

#include <string>
#include <vector>

namespace dmf {

/// Prints to standard output as far as it goes: hours of work must not end because a log's disk is
/// full or its reader has gone. Where it cannot be written, that is said once on standard error.
void say(const std::string& text);

/// Prints lines likewise: broken as fit_line() does where standard output is a terminal, and those that
/// begin with "warning: " by warn().
void say_lines(const std::string& lines);

/// Prints a line to standard error, once however often it is given; broken on a terminal.
void warn(const std::string& line);

/// The lines that were given to warn(), in order, each once.
const std::vector<std::string>& warnings_given();

/// Columns of the terminal that standard output is, 80 where it is none.
std::size_t screen_width();

}  // namespace dmf
