// One program with all the others inside: `dmf train` is train_program(), as apps/train is.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "apps/manual/completion.h"
#include "apps/manual/man_page.h"
#include "apps/programs.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"

namespace {

struct Program {
  std::string name, what;
  int (*run)(const dmf::Call& call);
};

const Program kPrograms[] = {
#define DMF_PROGRAM(NAME, WHAT) {#NAME, WHAT, dmf::NAME##_program},
#include "apps/programs.def"
#undef DMF_PROGRAM
};

std::vector<std::string> program_names() {
  std::vector<std::string> names;
  for (const Program& each : kPrograms) names.push_back(each.name);
  return names;
}

const Program* find(std::string_view name) {
  const auto* found = std::find_if(std::begin(kPrograms), std::end(kPrograms),
                                   [name](const Program& each) { return each.name == name; });
  return found == std::end(kPrograms) ? nullptr : found;
}

const std::vector<std::string> kOwnWords = {"help", "completion", "man"};

std::string usage() {
  std::string text =
      "usage: dmf PROGRAM [OPTIONS]\n\n"
      "Trains segmentation networks with Dynamic Memory Fusion. Research software, not for "
      "diagnosis.\n\n";
  for (const Program& each : kPrograms) text += fmt::format("  {:<11} {}\n", each.name, each.what);
  return text +
         "\n"
         "  help PROGRAM        all of its options\n"
         "  completion SHELL    a script for bash, zsh or fish that completes what is typed\n"
         "  man [PROGRAM]       its manual page, for man -l -\n"
         "  --version           version, commit and what was built in\n"
         "\n"
         "Begin with  dmf demo\n"
         "then        dmf train --data FOLDER --out runs/first\n";
}

std::vector<dmf::ProgramPage> pages_of(const Program& program) {
  std::vector<dmf::ProgramPage> pages;
  program.run({.argc = 0, .argv = nullptr, .reader = [&pages](const CLI::App& app) {
                 pages = dmf::pages_of(app);
               }});
  return pages;
}

/// Says that a word is not one of those expected.
int refuse(const std::string& what, const std::string& word,
           const std::vector<std::string>& known) {
  const std::string nearest = dmf::nearest_name(word, known);
  fmt::print(stderr, "dmf: '{}' is no {}{} (see dmf help)\n", word, what,
             nearest.empty() ? "" : ": did you mean " + nearest + "?");
  return 2;
}

/// `dmf help train` is `dmf train --help`.
int help(const std::vector<std::string>& names, char* self) {
  if (names.empty()) {
    fmt::print("{}", usage());
    return 0;
  }
  const Program* program = find(names.front());
  if (program == nullptr) return refuse("program", names.front(), program_names());
  std::vector<std::string> words = names;
  words.emplace_back("--help");
  std::vector<char*> argv = {self};
  for (std::string& word : words) argv.push_back(word.data());
  return program->run({static_cast<int>(argv.size()), argv.data(), 2});
}

int print_completion(const std::vector<std::string>& shells) {
  if (shells.size() != 1) {
    fmt::print(stderr, "dmf: completion takes one shell: {} (see dmf help)\n",
               fmt::join(dmf::completion_shells(), ", "));
    return 2;
  }
  const std::vector<std::string>& known = dmf::completion_shells();
  if (std::find(known.begin(), known.end(), shells.front()) == known.end()) {
    return refuse("shell that completions are written for", shells.front(), known);
  }
  std::vector<dmf::ProgramPage> pages;
  for (const Program& each : kPrograms) {
    for (dmf::ProgramPage& page : pages_of(each)) pages.push_back(std::move(page));
  }
  fmt::print("{}", dmf::completion(shells.front(), pages, kOwnWords));
  return 0;
}

int print_man_page(const std::vector<std::string>& names) {
  if (names.empty()) {
    fmt::print("{}", dmf::man_page_of_all(usage(), program_names()));
    return 0;
  }
  const Program* program = find(names.front());
  if (program == nullptr || names.size() > 1)
    return refuse("program", names.back(), program_names());
  fmt::print("{}", dmf::man_page(pages_of(*program)));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  if (const Program* program = find(word)) return program->run({argc, argv, 2});
  const std::vector<std::string> rest(argv + std::min(argc, 2), argv + argc);
  if (word.empty() || word == "help" || word == "--help" || word == "-h") {
    return help(rest, argv[0]);
  }
  if (word == "completion") return print_completion(rest);
  if (word == "man") return print_man_page(rest);
  if (word == "--version") {
    fmt::print("{}\n", dmf::describe_build("dmf"));
    return 0;
  }
  std::vector<std::string> known = program_names();
  known.insert(known.end(), kOwnWords.begin(), kOwnWords.end());
  return refuse("program", word, known);
}
