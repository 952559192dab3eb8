#include "apps/support/help.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>

#include "apps/support/console.h"
#include "apps/support/numbers.h"
#include "apps/support/text.h"

namespace dmf {
namespace {

constexpr std::size_t kNames = 28;  // columns of the options' names, where there is room

/// A name, and beside it, or below it where it is long, what it means.
std::string entry(const std::string& name, const std::string& meaning, std::size_t width) {
  const std::size_t indent = std::min(kNames, width / 3);
  std::string line = "  " + name;
  if (meaning.empty()) return line + "\n";
  if (line.size() + 2 > indent) {
    line += "\n" + std::string(indent, ' ');
  } else {
    line.resize(indent, ' ');
  }
  return line + wrapped(meaning, indent, width) + "\n";
}

/// Whether every part of a list with commas is in the text.
bool mentions_all(const std::string& text, const std::string& list) {
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(", ", at), list.size());
    if (text.find(list.substr(at, end - at)) == std::string::npos) return false;
    at = end + 2;
  }
  return true;
}

std::string name_of(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true, false);
  std::string name = option.get_name(false, true);
  const std::string type = option.get_type_name();
  if (option.get_type_size() != 0 && !type.empty()) name += " " + type.substr(0, type.find(':'));
  return name;
}

std::string usage(const CLI::App& app, const std::string& name) {
  std::string text = "usage: " + name + " [OPTIONS]";
  for (const CLI::Option* each : app.get_options()) {
    if (!each->get_positional()) continue;
    const std::string argument =
        each->get_name(true, false) + (each->get_expected_max() > 1 ? "..." : "");
    text += each->get_required() ? " " + argument : " [" + argument + "]";
  }
  if (!app.get_subcommands({}).empty()) {
    text += app.get_require_subcommand_min() == 0 ? " [SUBCOMMAND]" : " SUBCOMMAND";
  }
  return text;
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override {
    return help_text(*app, name, terminal_width());
  }
};

}  // namespace

int terminal_width() {
  int columns = 0;
  const char* variable = std::getenv("COLUMNS");
  if (const auto given = parse_whole<int>(variable == nullptr ? "" : variable)) {
    columns = *given;
  } else {
    columns = static_cast<int>(screen_width());
  }
  return std::max(columns, 40);
}

OptionTakes option_takes(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t colon = std::min(type.find(':'), type.size());
  return {type.substr(0, colon), type.substr(std::min(colon + 1, type.size()))};
}

std::string option_meaning(const CLI::Option& option) {
  std::vector<std::string> notes;
  const std::string takes = option_takes(option).which;
  if (!takes.empty() && !mentions_all(option.get_description(), takes)) notes.push_back(takes);
  if (option.get_required()) notes.emplace_back("required");
  const std::string initial = option.get_default_str();
  if (!initial.empty() && option.get_expected_min() > 0) notes.push_back("default " + initial);
  std::string text = option.get_description();
  if (!notes.empty()) text += fmt::format(" ({})", fmt::join(notes, "; "));
  return text;
}

std::string help_text(const CLI::App& app, const std::string& name, int width) {
  const auto columns = static_cast<std::size_t>(width);
  std::string text = wrapped(app.get_description(), 0, columns) + "\n\n" +
                     wrapped(usage(app, name), 0, columns) + "\n";
  const std::vector<const CLI::Option*> options = app.get_options();
  const auto add_group = [&](const std::string& heading, auto belongs) {
    std::string entries;
    for (const CLI::Option* each : options) {
      if (belongs(*each)) entries += entry(name_of(*each), option_meaning(*each), columns);
    }
    if (!entries.empty()) text += "\n" + heading + ":\n" + entries;
  };
  add_group("Arguments", [](const CLI::Option& o) { return o.get_positional(); });
  for (const std::string& group : app.get_groups()) {
    if (group.empty()) continue;
    add_group(group,
              [&](const CLI::Option& o) { return !o.get_positional() && o.get_group() == group; });
  }
  std::string commands;
  for (const CLI::App* each : app.get_subcommands({})) {
    commands += entry(each->get_name(), each->get_description(), columns);
  }
  if (!commands.empty()) text += "\nSubcommands:\n" + commands;
  if (!app.get_footer().empty()) text += "\n" + wrapped(app.get_footer(), 0, columns) + "\n";
  return text;
}

void use_help_text(CLI::App& app) {
  const auto formatter = std::make_shared<HelpFormatter>();
  app.formatter(formatter);
  for (CLI::App* each : app.get_subcommands([](CLI::App*) { return true; })) {
    each->formatter(formatter);
  }
}

}  // namespace dmf
