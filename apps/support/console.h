#pragma once

#include <string>

namespace dmf {

/// Prints to standard output as far as it goes: hours of work must not end because a log's disk is
/// full or its reader has gone. Where it cannot be written, that is said once on standard error.
void say(const std::string& text);

/// Prints a line to standard error.
void warn(const std::string& line);

}  // namespace dmf
