#include "apps/options/augment_option.h"

#include "apps/data/augmentation/composition.h"
#include "apps/support/option_set.h"

namespace dmf {
namespace {

/// A check that a text is a composition of transforms.
CLI::Validator composition() {
  return CLI::Validator(
      [](std::string& text) {
        try {
          parse_composition(text);
        } catch (const ValueError& problem) {  // "[augment] character 3: ... ."
          std::string line = problem.what();
          if (line.ends_with('.')) line.pop_back();
          return line.substr(std::string_view("[augment] ").size());
        }
        return std::string();
      },
      fmt::format("{} or transforms", fmt::join(names_of(named_compositions()), ", ")));
}

std::string in_full(const std::string& text) {
  return parse_composition(text).text();
}

}  // namespace

CLI::Option* add_augment_option(OptionSet& set, const std::string& group, std::string& augment) {
  return OptionGroup(set, group)
      .value("--augment", augment, augmentation_help(), {.in_full = in_full})
      ->check(composition());
}

}  // namespace dmf
