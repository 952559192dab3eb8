#pragma once

#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dmf {

/// Columns of the terminal that standard output is, or of $COLUMNS; 80 where neither is known.
/// At least 40.
int terminal_width();

/// The help of a program, no line wider than `width` but for words that are.
///
/// name  as the program was called
std::string help_text(const CLI::App& app, const std::string& name, int width);

/// What kind of value an option takes, and which: "N" and "from 1 to 8", the second empty where any will
/// do.
struct OptionTakes {
  std::string kind, which;
};
OptionTakes option_takes(const CLI::Option& option);

/// "Levels (from 1 to 8; default 4)": what an option means, what it takes and what it is without.
std::string option_meaning(const CLI::Option& option);

/// Has `--help` of a program and its subcommands print help_text().
void use_help_text(CLI::App& app);

}  // namespace dmf
