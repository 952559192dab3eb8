#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/core/errors.h"

namespace dmf {

// A choice is a table: whatever a user picks by name (a loss, a rule, an optimiser, a network) stands
// in one array whose entries have at least a `name` and a line of `help`. Options, their help and error
// texts are made from it, and a test compares the README with it, so that a new entry is known
// everywhere.

/// An entry of such a table that needs nothing but a value.
template <class T>
struct Named {
  std::string_view name;
  T value;
  std::string_view help;
};

/// The names, in the table's order.
template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

/// "a, b or c"
inline std::string any_of_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : i + 1 < names.size() ? ", " : " or ";
    text += names[i];
  }
  return text;
}

/// The help of a whole choice: "a: what it is; b: what that is".
template <class Table>
std::string help_of(const Table& table) {
  std::string text;
  for (const auto& entry : table) {
    if (!text.empty()) text += "; ";
    text.append(entry.name).append(": ").append(entry.help);
  }
  return text;
}

/// The entry of that name.
///
/// what    what is chosen, for the message: "loss"
/// throws  ValueError for another name, listing all there are
template <class Table>
const auto& entry_named(const Table& table, std::string_view name, std::string_view what) {
  for (const auto& entry : table) {
    if (entry.name == name) return entry;
  }
  std::string text = "[";
  text.append(what).append("] got '").append(name).append("', expected ");
  throw ValueError(text.append(any_of_text(names_of(table))).append("."));
}

/// The name of a value in a table of Named that has it.
template <class Table, class T>
std::string name_of(const Table& table, const T& value) {
  for (const auto& entry : table) {
    if (entry.value == value) return std::string(entry.name);
  }
  throw ValueError("[choice] a value has no name.");
}

}  // namespace dmf
