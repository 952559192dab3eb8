#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dmf {

/// Prints to standard output as far as it goes: hours of work must not end because a log's disk is
/// full or its reader has gone. Where it cannot be written, that is said once on standard error.
void say(const std::string& text);

/// Prints lines likewise: broken as fit_line() does where standard output is a terminal, and those that
/// begin with "warning: " by warn().
void say_lines(const std::string& lines);

/// What a warning is about: the work, whose results keep it; or the command, its options and machine,
/// which another may do without.
enum class WarningAbout : std::uint8_t { work, command };

/// Prints a line to standard error, once however often it is given; broken on a terminal.
void warn(const std::string& line, WarningAbout about = WarningAbout::work);

/// The warnings about the work so far, in order, each once.
const std::vector<std::string>& warnings_given();

/// Columns of the terminal that standard output is, 80 where it is none.
std::size_t screen_width();

}  // namespace dmf
