#include "apps/manual/completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/support/call.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

/// The words that may follow a program: its subcommands.
std::vector<std::string> subcommands(const std::string& name,
                                     const std::vector<ProgramPage>& pages) {
  std::vector<std::string> found;
  for (const ProgramPage& page : pages) {
    if (page.name.starts_with(name + " ")) found.push_back(page.name.substr(name.size() + 1));
  }
  return found;
}

bool is_program(const ProgramPage& page) {
  return page.name.find(' ') == std::string::npos;
}

std::vector<std::string> option_names(const ProgramPage& page) {
  std::vector<std::string> names;
  for (const PageOption& option : page.options) {
    if (!option.is_positional) names.push_back(option.name);
  }
  return names;
}

/// What `dmf` itself takes.
std::vector<std::string> first_words(const std::vector<ProgramPage>& pages,
                                     std::vector<std::string> words) {
  for (const ProgramPage& page : pages) {
    if (is_program(page)) words.push_back(page.name);
  }
  return words;
}

std::string bash(const std::vector<ProgramPage>& pages, const std::vector<std::string>& words) {
  std::string script =
      "# Completion of dmf for bash, written by `dmf completion bash`.\n"
      "_dmf() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  local program='' options='' words='' i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$program ${COMP_WORDS[i]}\" in\n";
  for (const ProgramPage& page : pages) {
    const std::string pattern = is_program(page) ? " " + page.name : page.name;
    script += fmt::format("      {}) program={} ;;\n", in_quotes(pattern), in_quotes(page.name));
  }
  script +=
      "    esac\n"
      "  done\n"
      "  case $program in\n";
  script += fmt::format("    '') words={} options='--help --version' ;;\n",
                        in_quotes(joined(first_words(pages, words))));
  for (const ProgramPage& page : pages) {
    script += fmt::format("    {}) words={} options={} ;;\n", in_quotes(page.name),
                          in_quotes(joined(subcommands(page.name, pages))),
                          in_quotes(joined(option_names(page))));
  }
  script +=
      "  esac\n"
      "  case \"$program $before\" in\n";
  for (const ProgramPage& page : pages) {
    for (const PageOption& option : page.options) {
      if (option.is_positional || option.value.empty()) continue;
      script +=
          fmt::format("    {}) words={} options='' ;;\n", in_quotes(page.name + " " + option.name),
                      in_quotes(joined(option.choices)));
    }
  }
  script +=
      "  esac\n"
      "  case $current in -*) words=$options ;; esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  ((${#COMPREPLY[@]})) || compopt -o default\n"
      "}\n"
      "complete -F _dmf dmf\n";
  return script;
}

/// A meaning within the brackets of zsh's _arguments.
std::string within_brackets(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_options(const ProgramPage& page) {
  std::string script;
  for (const PageOption& option : page.options) {
    if (option.is_positional) continue;
    std::string spec = "*" + option.name + "[" + within_brackets(option.meaning) + "]";
    if (!option.value.empty()) {
      spec += ":" + within_brackets(option.value) + ":" +
              (option.choices.empty() ? "_files" : "(" + joined(option.choices) + ")");
    }
    script += "        " + in_quotes(spec) + " \\\n";
  }
  return script;
}

std::string zsh(const std::vector<ProgramPage>& pages, const std::vector<std::string>& words) {
  std::string script =
      "#compdef dmf\n"
      "# Completion of dmf for zsh, written by `dmf completion zsh`.\n"
      "_dmf() {\n"
      "  local program=${words[2]}\n"
      "  if ((CURRENT == 2)); then\n"
      "    compadd -- " +
      joined(first_words(pages, words)) +
      " --help --version\n"
      "    return\n"
      "  fi\n";
  for (const ProgramPage& page : pages) {
    const std::vector<std::string> below = subcommands(page.name, pages);
    if (below.empty()) continue;
    script += fmt::format(
        "  if [[ $program == {0} ]]; then\n"
        "    case ${{words[3]}} in {1}) ((CURRENT > 3)) && program=\"{0} ${{words[3]}}\" ;; esac\n"
        "    ((CURRENT == 3)) && compadd -- {2}\n"
        "  fi\n",
        page.name, fmt::join(below, "|"), joined(below));
  }
  script += "  case $program in\n";
  for (const ProgramPage& page : pages) {
    script += fmt::format("    {})\n      _arguments \\\n{}        '*:file:_files' ;;\n",
                          in_quotes(page.name), zsh_options(page));
  }
  return script + "  esac\n}\n_dmf \"$@\"\n";
}

std::string fish(const std::vector<ProgramPage>& pages, const std::vector<std::string>& words) {
  std::string script = "# Completion of dmf for fish, written by `dmf completion fish`.\n";
  const auto first = [&script](const std::string& arguments) {
    script += "complete -c dmf -n __fish_use_subcommand " + arguments + "\n";
  };
  for (const std::string& word : words) first("-f -a " + word);
  first("-l help");
  first("-l version");
  for (const ProgramPage& page : pages) {
    if (is_program(page)) {
      first("-f -a " + page.name + " -d " + in_quotes(first_sentence(page)));
    }
    std::string condition;
    for (std::size_t at = 0; at <= page.name.size();) {
      const std::size_t end = std::min(page.name.find(' ', at), page.name.size());
      condition += (at > 0 ? "; and " : "") + std::string("__fish_seen_subcommand_from ") +
                   page.name.substr(at, end - at);
      at = end + 1;
    }
    const std::vector<std::string> below = subcommands(page.name, pages);
    if (!below.empty()) {
      script +=
          "complete -c dmf -n " + in_quotes(condition) + " -a " + in_quotes(joined(below)) + "\n";
      condition += "; and not __fish_seen_subcommand_from " + joined(below);
    }
    for (const PageOption& option : page.options) {
      if (option.is_positional) continue;
      script += fmt::format(
          "complete -c dmf -n {} -l {}{} -d {}\n", in_quotes(condition), option.name.substr(2),
          option.value.empty()     ? ""
          : option.choices.empty() ? " -r"
                                   : " -x -a " + in_quotes(joined(option.choices)),
          in_quotes(option.meaning));
    }
  }
  return script;
}

}  // namespace

const std::vector<std::string>& completion_shells() {
  static const std::vector<std::string> shells = {"bash", "zsh", "fish"};
  return shells;
}

std::string completion(const std::string& shell, const std::vector<ProgramPage>& pages,
                       const std::vector<std::string>& words) {
  if (shell == "bash") return bash(pages, words);
  if (shell == "zsh") return zsh(pages, words);
  DMF_CHECK(shell == "fish", ValueError, "[completion] got '{}', expected {}.", shell,
            fmt::join(completion_shells(), ", "));
  return fish(pages, words);
}

}  // namespace dmf
