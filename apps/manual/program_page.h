#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace dmf {

/// What a manual or a completion says of an option.
struct PageOption {
  std::string name;                  // "--data"; an argument's without dashes
  std::string value;                 // "TEXT", "N"; empty where it takes none
  std::string meaning;               // as --help has it
  std::vector<std::string> choices;  // where only these words may be given
  std::string group;
  bool is_positional = false;
};

/// A program or one of its subcommands.
struct ProgramPage {
  std::string name;  // "train", "experiment report"
  std::string what;
  std::vector<PageOption> options;  // in the order of --help
};

/// Of what the page says that it is.
std::string first_sentence(const ProgramPage& page);

/// The pages of a program: its own, then its subcommands'.
std::vector<ProgramPage> pages_of(const CLI::App& app);

}  // namespace dmf
