#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "apps/support/numbers.h"
#include "engine/core/settings.h"

namespace dmf {

// Options with values, for every program: what they take, how it is checked and said. CLI11 alone
// reads "-1" as 2^64 - 1 and "010" as 8, and drops empty entries of lists.

/// A check that a text is a whole number from `least` to `most`. A very large `most` is not told.
CLI::Validator whole_number(std::int64_t least, std::int64_t most = std::int64_t{1} << 30);

/// A check that a text is a number of the range; none where the range has no bounds.
CLI::Validator number_in(const Range& range);

/// A check that a text is one of these names; where it is not, the nearest one is told.
CLI::Validator one_of(const std::vector<std::string>& names);

/// A check that a text is not empty, for names of files and folders.
CLI::Validator not_empty();

/// The entries of a list as an option takes it: commas between them, those in parentheses that close
/// apart, blanks around them not part of them. An entry in double quotes may hold commas, and quotes as two of them.
///
/// throws  ValueError for an empty entry or a quote that does not end
std::vector<std::string> split_list(std::string_view text);
/// The text that split_list() takes apart into these entries, none of them empty.
std::string join_list(const std::vector<std::string>& entries);

/// Of these names the one most like the text, or "" where none is.
std::string nearest_name(std::string_view text, const std::vector<std::string>& names);

/// A value as an option takes it; a number in its shortest form that reads back the same.
template <class T>
std::string value_text(const T& value) {
  return fmt::format("{}", value);
}

/// The value of a text that a check has found sound.
template <class T>
std::optional<T> parse_value(const std::string& text) {
  if constexpr (std::is_integral_v<T>) {
    return parse_whole<T>(text);
  } else if constexpr (std::is_floating_point_v<T>) {
    return parse_number(text);
  } else {
    return text;
  }
}

/// A check that a text is a value of type T, which is put in its shortest form.
template <class T>
CLI::Validator value_check() {
  return CLI::Validator(
      [](std::string& text) {
        if constexpr (std::is_arithmetic_v<T>) {
          const std::optional<T> value = parse_value<T>(text);
          if (!value) {
            std::string wanted = std::is_integral_v<T> ? "a whole number" : "a number";
            if constexpr (std::is_unsigned_v<T>) {
              wanted += fmt::format(" from 0 to {}", std::numeric_limits<T>::max());
            }
            return fmt::format("got '{}', expected {}", text, wanted);
          }
          text = value_text(*value);
        }
        return std::string();
      },
      "");
}

/// A check of every entry of a list.
CLI::Validator each_entry(const CLI::Validator& type, const CLI::Validator& check);

/// An option that takes one value, a number or a text.
///
/// set  takes the value
/// get  gives it, for the default that is told
template <class T>
CLI::Option* add_value(CLI::App& app, const std::string& group, const std::string& name,
                       const std::function<void(const T&)>& set, const std::function<T()>& get,
                       const std::string& help) {
  CLI::Option* option = app.add_option(
      name,
      [set](const CLI::results_t& texts) {
        const std::optional<T> value = parse_value<T>(texts.front());
        if (value) set(*value);
        return value.has_value();
      },
      help, false, [get] { return value_text(get()); });
  const char* type = std::is_integral_v<T> ? "N" : std::is_floating_point_v<T> ? "X" : "TEXT";
  option->type_name(type)->transform(value_check<T>());
  return option->run_callback_for_default()->group(group)->capture_default_str();
}
template <class T>
CLI::Option* add_value(CLI::App& app, const std::string& group, const std::string& name, T& field,
                       const std::string& help) {
  return add_value<T>(
      app, group, name, [&field](const T& value) { field = value; }, [&field] { return field; },
      help);
}

constexpr std::string_view kListType = ",...";  // ends the type's name of every list

/// An option that takes a list, see split_list().
///
/// check  of every entry
template <class T>
CLI::Option* add_list(CLI::App& app, const std::string& group, const std::string& name,
                      const std::function<void(const std::vector<T>&)>& set,
                      const std::function<std::vector<T>()>& get, const std::string& help,
                      const CLI::Validator& check = CLI::Validator()) {
  CLI::Option* option = app.add_option(
      name,
      [set](const CLI::results_t& texts) {
        std::vector<T> values;
        for (const std::string& entry : split_list(texts.front())) {
          values.push_back(parse_value<T>(entry).value());
        }
        set(values);
        return true;
      },
      help, false,
      [get] {
        std::vector<std::string> entries;
        for (const T& value : get()) entries.push_back(value_text(value));
        return join_list(entries);
      });
  option->type_name((std::is_arithmetic_v<T> ? "X" : "TEXT") + std::string(kListType))
      ->transform(each_entry(value_check<T>(), check));
  return option->run_callback_for_default()->group(group)->capture_default_str();
}
template <class T>
CLI::Option* add_list(CLI::App& app, const std::string& group, const std::string& name,
                      std::vector<T>& field, const std::string& help,
                      const CLI::Validator& check = CLI::Validator()) {
  return add_list<T>(
      app, group, name, [&field](const std::vector<T>& values) { field = values; },
      [&field] { return field; }, help, check);
}

/// Whether add_list() made it.
bool is_list(const CLI::Option& option);

/// An option "--NAME" for every setting, in their order: with its help, its default as it is set
/// now, and a check that it takes a value. What is yes or no becomes a flag.
///
/// settings  has to outlast the options, which set it
void add_settings(CLI::App& app, const std::string& group, Settings& settings);

/// The value of a setting as its option takes it.
std::string setting_text(const Setting::Value& value);
/// The value that such a text means; nothing for a text of another type.
std::optional<Setting::Value> parse_setting(const Setting& setting, const std::string& text);
/// "depth 4, base-width 32"
std::string settings_text(const Settings& settings);

}  // namespace dmf
