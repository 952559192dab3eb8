#include "apps/manual/program_page.h"

#include <algorithm>

#include "apps/support/help.h"

namespace dmf {
namespace {

/// "paper, classic" as a list of words; nothing where it says something else, as "from 1 to 8".
std::vector<std::string> choices_in(const std::string& takes) {
  constexpr const char* kLetters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  std::vector<std::string> choices;
  for (std::size_t at = 0; at < takes.size();) {
    const std::size_t end = std::min(takes.find(", ", at), takes.size());
    choices.push_back(takes.substr(at, end - at));
    if (choices.back().empty() || choices.back().find_first_not_of(kLetters) != std::string::npos) {
      return {};
    }
    at = end + 2;
  }
  return choices;
}

PageOption page_option(const CLI::Option& option) {
  const auto [kind, takes] = option_takes(option);
  PageOption page;
  page.is_positional = option.get_positional();
  page.name = page.is_positional ? option.get_name(true, false) : option.get_name(false, true);
  page.name = page.name.substr(page.name.rfind(',') + 1);  // of "-h,--help" the long one
  if (option.get_type_size() != 0) page.value = kind;
  page.meaning = option_meaning(option);
  page.choices = choices_in(takes);
  page.group = page.is_positional ? "Arguments" : option.get_group();
  return page;
}

void add_pages(const CLI::App& app, const std::string& name, std::vector<ProgramPage>& pages) {
  ProgramPage page{name, app.get_description(), {}};
  std::vector<std::string> groups = {"Arguments"};
  for (const std::string& group : app.get_groups()) groups.push_back(group);
  for (const std::string& group : groups) {
    for (const CLI::Option* option : app.get_options()) {
      PageOption made = page_option(*option);
      if (!group.empty() && made.group == group) page.options.push_back(std::move(made));
    }
  }
  pages.push_back(std::move(page));
  for (const CLI::App* each : app.get_subcommands({})) {
    add_pages(*each, name + " " + each->get_name(), pages);
  }
}

}  // namespace

std::string first_sentence(const ProgramPage& page) {
  return page.what.substr(0, page.what.find(". "));
}

std::vector<ProgramPage> pages_of(const CLI::App& app) {
  std::vector<ProgramPage> pages;
  add_pages(app, app.get_name(), pages);
  return pages;
}

}  // namespace dmf
