#include "apps/support/option_values.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Where the parenthesis that opens at `from` closes; its own place where it does not.
std::size_t closing(std::string_view text, std::size_t from) {
  std::size_t depth = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i;
  }
  return from;
}

/// The first comma that stands in no parentheses, or the end.
std::size_t end_of_entry(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == ',') return i;
    if (text[i] == '(') i = closing(text, i);
  }
  return text.size();
}

/// Letters to insert, leave out, change or exchange with their neighbour to make one of the other,
/// capitals and kinds of dashes apart.
std::size_t edit_distance(std::string a, std::string b) {
  for (std::string* each : {&a, &b}) {
    for (char& c : *each) {
      c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

/// A whole number's bounds are whole, or too large to be told.
CLI::Validator whole_number_in(const Range& range) {
  constexpr double kTold = std::int64_t{1} << 30;
  return whole_number(static_cast<std::int64_t>(std::max(range.least, -kTold)),
                      static_cast<std::int64_t>(std::min(range.most, kTold)));
}

/// Options for one type of a setting's value.
struct OptionOfSetting {
  CLI::App& app;
  const std::string& group;
  Settings& settings;
  const Setting& setting;

  template <class T>
  std::function<void(const T&)> set() const {
    return
        [&settings = settings, name = setting.name](const T& value) { settings.set(name, value); };
  }
  template <class T>
  std::function<T()> get() const {
    return
        [&settings = settings, name = setting.name] { return std::get<T>(settings.value(name)); };
  }
  std::string option() const { return "--" + setting.name; }

  void operator()(bool) const {
    app.add_flag_function(
           option(), [set = set<bool>()](std::int64_t count) { set(count > 0); }, setting.help)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->run_callback_for_default()
        ->group(group);
  }
  void operator()(std::int64_t) const {
    add_value<std::int64_t>(app, group, option(), set<std::int64_t>(), get<std::int64_t>(),
                            setting.help)
        ->check(whole_number_in(setting.range));
  }
  void operator()(double) const {
    add_value<double>(app, group, option(), set<double>(), get<double>(), setting.help)
        ->check(number_in(setting.range));
  }
  void operator()(const std::string&) const {
    CLI::Option* added = add_value<std::string>(app, group, option(), set<std::string>(),
                                                get<std::string>(), setting.help);
    if (!setting.choices.empty()) added->check(one_of(setting.choices));
  }
  void operator()(const std::vector<double>&) const {
    add_list<double>(app, group, option(), set<std::vector<double>>(), get<std::vector<double>>(),
                     setting.help, number_in(setting.range));
  }
};

}  // namespace

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  const bool told = most < std::int64_t{1} << 30;
  const std::string range =
      told ? fmt::format("from {} to {}", least, most) : fmt::format("from {}", least);
  return CLI::Validator(
      [=](std::string& text) {
        const std::optional<std::int64_t> value = parse_whole<std::int64_t>(text);
        if (value && *value >= least && *value <= most) return std::string();
        if (value && !told && *value > most) {
          return fmt::format("got '{}', expected a whole number up to {}", text, most);
        }
        return fmt::format("got '{}', expected a whole number {}", text, range);
      },
      range);
}

CLI::Validator number_in(const Range& range) {
  if (!std::isfinite(range.least) && !std::isfinite(range.most)) return CLI::Validator();
  return CLI::Validator(
      [range](std::string& text) {
        const std::optional<double> value = parse_number(text);
        return value && range.contains(*value)
                   ? std::string()
                   : fmt::format("got '{}', expected a number {}", text, range.str());
      },
      range.str());
}

CLI::Validator one_of(const std::vector<std::string>& names) {
  return CLI::Validator(
      [names](std::string& text) {
        if (std::find(names.begin(), names.end(), text) != names.end()) return std::string();
        const std::string nearest = nearest_name(text, names);
        return fmt::format("got '{}', expected {}{}", text, fmt::join(names, ", "),
                           nearest.empty() ? "" : ": did you mean " + nearest + "?");
      },
      fmt::format("{}", fmt::join(names, ", ")));
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string& text) {
        return text.empty() ? std::string("got an empty text, expected a name") : std::string();
      },
      "");
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> entries;
  for (std::size_t i = 0;; ++i) {
    i = std::min(text.find_first_not_of(kBlanks, i), text.size());
    std::string entry;
    if (i < text.size() && text[i] == '"') {
      for (++i;; ++i) {
        DMF_CHECK(i < text.size(), ValueError, "got '{}', where a quote does not end", text);
        if (text[i] == '"' && !(i + 1 < text.size() && text[i + 1] == '"')) break;
        entry += text[i] == '"' ? text[i++] : text[i];
      }
      i = std::min(text.find_first_not_of(kBlanks, i + 1), text.size());
      DMF_CHECK(i == text.size() || text[i] == ',', ValueError,
                "got '{}', expected a comma behind a quoted entry", text);
    } else {
      const std::size_t end = end_of_entry(text, i);
      entry = without_blanks(text.substr(i, end - i));
      i = end;
    }
    DMF_CHECK(!entry.empty(), ValueError, "got '{}', which has an empty entry", text);
    entries.push_back(std::move(entry));
    if (i == text.size()) return entries;
  }
}

std::string join_list(const std::vector<std::string>& entries) {
  std::string text;
  for (const std::string& entry : entries) {
    if (!text.empty()) text += ',';
    // One parenthesis alone might close with another entry's.
    const bool paired =
        std::count(entry.begin(), entry.end(), '(') == std::count(entry.begin(), entry.end(), ')');
    const bool plain = paired && entry.find('"') == std::string::npos &&
                       end_of_entry(entry, 0) == entry.size() &&
                       without_blanks(entry).size() == entry.size();
    if (plain) {
      text += entry;
      continue;
    }
    text += '"';
    for (const char c : entry) text += c == '"' ? "\"\"" : std::string(1, c);
    text += '"';
  }
  return text;
}

std::string nearest_name(std::string_view text, const std::vector<std::string>& names) {
  if (text.size() > 64) return "";
  // Up to a third of the letters may be wrong; or the text is the beginning of one name alone.
  std::size_t least = std::max<std::size_t>(1, (text.size() + 1) / 3) + 1;
  std::string nearest, begun;
  int beginnings = 0;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(std::string(text), name);
    if (distance < least && distance < name.size()) {
      least = distance;
      nearest = name;
    }
    if (text.size() >= 3 && name.starts_with(text)) {
      begun = name;
      ++beginnings;
    }
  }
  return nearest.empty() && beginnings == 1 ? begun : nearest;
}

CLI::Validator each_entry(const CLI::Validator& type, const CLI::Validator& check) {
  return CLI::Validator(
      [type, check](std::string& text) {
        try {
          std::vector<std::string> entries = split_list(text);
          for (std::string& entry : entries) {
            for (const CLI::Validator* each : {&type, &check}) {
              const std::string problem = (*each)(entry);
              if (!problem.empty()) return problem;
            }
          }
          text = join_list(entries);
        } catch (const ValueError& problem) {
          return std::string(problem.what());
        }
        return std::string();
      },
      check.get_description());
}

bool is_list(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':')).ends_with(kListType);
}

void add_settings(CLI::App& app, const std::string& group, Settings& settings) {
  for (const Setting& setting : settings.all()) {
    std::visit(OptionOfSetting{app, group, settings, setting}, setting.initial);
  }
}

std::string setting_text(const Setting::Value& value) {
  return std::visit(
      [](const auto& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::vector<double>>) {
          std::vector<std::string> entries;
          for (const double entry : v) entries.push_back(value_text(entry));
          return join_list(entries);
        } else {
          return value_text(v);
        }
      },
      value);
}

std::optional<Setting::Value> parse_setting(const Setting& setting, const std::string& text) {
  return std::visit(
      [&text](const auto& initial) -> std::optional<Setting::Value> {
        using T = std::decay_t<decltype(initial)>;
        if constexpr (std::is_same_v<T, bool>) {
          if (text != "true" && text != "false") return std::nullopt;
          return text == "true";
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          std::vector<double> values;
          if (text.empty()) return values;
          for (const std::string& entry : split_list(text)) {
            const std::optional<double> value = parse_number(entry);
            if (!value) return std::nullopt;
            values.push_back(*value);
          }
          return values;
        } else {
          const std::optional<T> value = parse_value<T>(text);
          return value ? std::optional<Setting::Value>(*value) : std::nullopt;
        }
      },
      setting.initial);
}

std::string settings_text(const Settings& settings) {
  std::vector<std::string> each;
  for (const Setting& setting : settings.all()) {
    each.push_back(setting.name + " " + setting_text(settings.value(setting.name)));
  }
  return fmt::format("{}", fmt::join(each, ", "));
}

}  // namespace dmf
