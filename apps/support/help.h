#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

/// Columns of the terminal that standard output is, or of $COLUMNS; 80 where neither is known.
/// At least 40.
int terminal_width();

/// The help of a program, no line wider than `width` but for words that are.
///
/// name  as the program was called
std::string help_text(const CLI::App& app, const std::string& name, int width);

/// Has `--help` of a program and its subcommands print help_text().
void use_help_text(CLI::App& app);

}  // namespace dmf
