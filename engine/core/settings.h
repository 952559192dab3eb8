#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/core/choice.h"
#include "engine/core/errors.h"

namespace dmf {

/// A number in the fewest digits that read back the same.
inline std::string shortest(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

/// The numbers that a setting takes, and how that is said.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool with_least = true, with_most = true;  // whether the bounds themselves are taken

  bool contains(double value) const {
    return std::isfinite(value) && (with_least ? value >= least : value > least) &&
           (with_most ? value <= most : value < most);
  }
  /// ">= 0", "> 0 and <= 1"
  std::string str() const {
    std::string text;
    if (std::isfinite(least)) text.append(with_least ? ">= " : "> ").append(shortest(least));
    if (std::isfinite(most)) {
      text.append(text.empty() ? "" : " and ").append(with_most ? "<= " : "< ");
      text.append(shortest(most));
    }
    return text.empty() ? "a finite number" : text;
  }
};

inline constexpr Range kAtLeastZero = {.least = 0.0};
inline constexpr Range kAboveZero = {.least = 0.0, .with_least = false};
inline constexpr Range kFraction = {.least = 0.0, .most = 1.0, .with_most = false};  // [0, 1)
inline constexpr Range kUnit = {.least = 0.0, .most = 1.0};
inline constexpr Range kAboveZeroToOne = {.least = 0.0, .most = 1.0, .with_least = false};

/// One thing that can be set of a loss, a rule, an optimiser or a network: an option on the command
/// line, a key of the configuration file.
struct Setting {
  using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<double>>;

  std::string name;  // "tversky-alpha"
  Value initial;     // its default, and by that its type
  std::string help;
  Range range = {};                       // of a number, and of each number of a list
  std::vector<std::string> choices = {};  // of a text; empty: any

  /// What is wrong with a value, as "got -1, expected >= 0", or "".
  std::string problem(const Value& value) const {
    if (value.index() != initial.index()) return "got a value of another type";
    const auto off = [this](double number) -> std::string {
      if (range.contains(number)) return "";
      return std::string("got ").append(shortest(number)).append(", expected ").append(range.str());
    };
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      return off(static_cast<double>(*whole));
    }
    if (const auto* number = std::get_if<double>(&value)) return off(*number);
    if (const auto* list = std::get_if<std::vector<double>>(&value)) {
      for (const double number : *list) {
        if (const std::string text = off(number); !text.empty()) return text;
      }
    }
    if (const auto* text = std::get_if<std::string>(&value);
        text != nullptr && !choices.empty() &&
        std::find(choices.begin(), choices.end(), *text) == choices.end()) {
      return std::string("got '").append(*text).append("', expected ").append(any_of_text(choices));
    }
    return "";
  }
};

/// What is set: a value for every setting of one or several things, the default at first. Two that
/// share a setting (`smooth-nr` of the count-based losses) share its value.
class Settings {
 public:
  Settings() = default;
  explicit Settings(const std::vector<Setting>& settings) { add(settings); }

  /// Those whose names are not known yet.
  void add(const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) {
      if (!knows(setting.name)) entries_.push_back({setting, setting.initial});
    }
  }

  /// throws  ValueError for a name that is not there and a value that the setting does not take
  void set(std::string_view name, const Setting::Value& value) {
    Entry& entry = entries_[index_of(name)];
    if (const std::string problem = entry.setting.problem(value); !problem.empty()) {
      throw ValueError(std::string("[").append(name).append("] ").append(problem).append("."));
    }
    entry.value = value;
  }

  // Their values. They throw ValueError for a name that is not there or of another type.
  double number(std::string_view name) const { return get<double>(name); }
  std::int64_t whole(std::string_view name) const { return get<std::int64_t>(name); }
  bool flag(std::string_view name) const { return get<bool>(name); }
  const std::string& text(std::string_view name) const { return get<std::string>(name); }
  const std::vector<double>& list(std::string_view name) const {
    return get<std::vector<double>>(name);
  }
  const Setting::Value& value(std::string_view name) const {
    return entries_[index_of(name)].value;
  }

  bool knows(std::string_view name) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.setting.name == name; });
  }

  /// All there are, in the order in which they were added.
  std::vector<Setting> all() const {
    std::vector<Setting> all;
    for (const Entry& entry : entries_) all.push_back(entry.setting);
    return all;
  }

 private:
  struct Entry {
    Setting setting;
    Setting::Value value;
  };

  std::size_t index_of(std::string_view name) const {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].setting.name == name) return i;
    }
    throw ValueError(std::string("[settings] there is no setting '").append(name).append("'."));
  }
  template <class T>
  const T& get(std::string_view name) const {
    if (const T* found = std::get_if<T>(&value(name))) return *found;
    throw ValueError(std::string("[settings] '").append(name).append("' is of another type."));
  }

  std::vector<Entry> entries_;
};

/// The settings of all entries of a table, at their defaults.
template <class Table>
Settings settings_of(const Table& table) {
  Settings settings;
  for (const auto& entry : table) settings.add(entry.settings);
  return settings;
}

}  // namespace dmf
