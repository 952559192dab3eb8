#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

/// How a program is called: as one of its own, `train --data ...`, or by name of the one that holds all,
/// `dmf train --data ...`.
struct Call {
  int argc;
  char** argv;
  int words = 1;  // of argv, that name the program: 2 for `dmf train`
  /// Where it is given, the program's options are handed to it, and nothing else is done.
  std::function<void(const CLI::App&)> reader = nullptr;

  /// The command as a shell would take it.
  std::string command_line() const;
};

/// Notes how this process was called, for what follows. A program that calls others, as `demo` does,
/// is what the user called.
void note_call(const Call& call);

/// What a user types to start a program as he started this one, a shell's words: "dmf evaluate",
/// "build/release/apps/evaluate".
std::string command_of(const std::string& program);

/// What starts that program: its path, and the words before its options. What belongs together is
/// taken from one build, whatever the path holds.
///
/// throws  IoError where the system does not say which file this program is
std::vector<std::string> sibling_command(const std::string& program);

/// A text between the single quotes of a shell.
std::string in_quotes(const std::string& text);
/// A word as a shell takes it, quoted where it has to be.
std::string shell_word(const std::string& word);

}  // namespace dmf
