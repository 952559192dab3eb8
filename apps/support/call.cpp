#include "apps/support/call.h"

#include <filesystem>
#include <optional>

#include "engine/core/check.h"

namespace dmf {
namespace {

struct Called {
  std::string first = "dmf";  // word of the command line
  bool is_named = true;       // the program, by the second
};

/// Nothing where no program runs, as in a test of a library: then as an installed one would be called.
std::optional<Called>& called() {
  static std::optional<Called> call;
  return call;
}

}  // namespace

std::string Call::command_line() const {
  std::string line;
  for (int i = 0; i < argc; ++i) line += (i > 0 ? " " : "") + shell_word(argv[i]);
  return line;
}

void note_call(const Call& call) {
  if (!called()) called() = Called{call.argv[0], call.words > 1};
}

std::string command_of(const std::string& program) {
  const Called& call = called().value_or(Called());
  if (call.is_named) return shell_word(call.first) + " " + program;
  const std::filesystem::path self = call.first;
  return shell_word((self.parent_path() / program).string());
}

std::vector<std::string> sibling_command(const std::string& program) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  DMF_CHECK(!error, IoError, "[process] cannot read /proc/self/exe: {}.", error.message());
  if (called().value_or(Called()).is_named) return {self.string(), program};
  return {(self.parent_path() / program).string()};
}

std::string in_quotes(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string shell_word(const std::string& word) {
  const bool plain =
      !word.empty() && word.find_first_not_of(
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
                           "klmnopqrstuvwxyz0123456789_-+=./,:") == std::string::npos;
  return plain ? word : in_quotes(word);
}

}  // namespace dmf
