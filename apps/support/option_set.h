#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apps/support/option_nature.h"
#include "apps/support/option_values.h"
#include "engine/core/choice.h"

namespace dmf {

/// The options of a program, each with its nature: what CLI11 does not keep.
class OptionSet {
 public:
  explicit OptionSet(CLI::App& app) : app_(app) {}

  CLI::App& app() const { return app_; }
  CLI::Option* state(CLI::Option* option, const Nature& nature) {
    natures_[option->get_lnames().front()] = nature;
    return option;
  }
  /// By name, of those that said something of themselves.
  const std::map<std::string, Nature>& natures() const { return natures_; }

 private:
  CLI::App& app_;
  std::map<std::string, Nature> natures_;
};

/// Adds options under one heading of --help.
class OptionGroup {
 public:
  OptionGroup(OptionSet& set, std::string name) : set_(set), name_(std::move(name)) {}

  template <class T>
  CLI::Option* value(const std::string& name, T& field, const std::string& help,
                     const Nature& nature = {}) const {
    return set_.state(add_value(set_.app(), name_, name, field, help), nature);
  }
  /// check  of every entry
  template <class T>
  CLI::Option* list(const std::string& name, std::vector<T>& field, const std::string& help,
                    const CLI::Validator& check = CLI::Validator(),
                    const Nature& nature = {}) const {
    return set_.state(add_list(set_.app(), name_, name, field, help, check), nature);
  }
  CLI::Option* flag(const std::string& name, bool& field, const std::string& help,
                    const Nature& nature = {}) const {
    return set_.state(set_.app().add_flag(name, field, help)->group(name_), nature);
  }
  /// One of a table of Named, which has to outlast the options.
  template <class T, class Table>
  CLI::Option* choice(const std::string& name, T& field, const Table& table,
                      const std::string& help, const Nature& nature = {}) const {
    CLI::Option* option = add_value<std::string>(
        set_.app(), name_, name,
        [&field, &table, name](const std::string& text) {
          field = entry_named(table, text, name).value;
        },
        [&field, &table] { return name_of(table, field); }, help);
    return set_.state(option->check(one_of(names_of(table))), nature);
  }

 private:
  OptionSet& set_;
  std::string name_;
};

}  // namespace dmf
