#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

// Options that every program has where they make sense, one meaning for all.

/// How a program is to speak.
struct Speech {
  bool quiet = false, verbose = false;
  std::string log;
};

/// Adds --quiet, --verbose and --log to the program and its subcommands; run_program does.
void add_speech_options(CLI::App& app, Speech& speech);

/// Adds --dry-run: the program calls end_dry_run() before it would write anything.
void add_dry_run_option(CLI::App& app);
bool is_dry_run();

/// What ends a program that was only to say what it would do; run_program makes it the status 0.
struct DryRunEnd {};

/// Prints what would have been done, and ends the program; does nothing where there was no --dry-run.
///
/// would  "segment 3 images into masks"
/// throws DryRunEnd
void end_dry_run(const std::string& would);

/// Adds --json: the program calls print_json() with its results.
void add_json_option(CLI::App& app);
/// Has what print_json() is given printed, and nothing else on standard output.
void want_json();
bool is_json_wanted();

/// Prints the results of a program, where they were asked for, on standard output.
///
/// json  one value, without the line's end
void print_json(const std::string& json);

/// Whether an option says how a program speaks or whether it works, not what it does.
bool is_common_option(const std::string& name);

}  // namespace dmf
