#include "apps/options/config_file.h"

#include <cstdlib>
#include <filesystem>
#include <map>

#include "apps/files/folders.h"
#include "apps/options/config_lines.h"
#include "apps/options/conventions.h"
#include "apps/options/option_conflicts.h"
#include "apps/options/recipes.h"
#include "apps/support/numbers.h"
#include "apps/support/option_values.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

constexpr std::uintmax_t kLargest = std::uintmax_t{1} << 20;

bool is_flag(const CLI::Option& option) {
  return option.get_expected_min() == 0;
}

/// A key = value line of the file that config_text() writes, with what a name stands for in its
/// place; nothing for an empty text.
std::string setting_text(const CLI::Option& option, const std::string& text) {
  const std::string key = option.get_lnames().front();
  if (is_flag(option)) return fmt::format("{}={}\n", key, text);
  if (text.empty()) return "";
  if (const auto in_full = nature_of(key).in_full; in_full != nullptr) {
    return fmt::format("{}={}\n", key, to_toml(in_full(text)));
  }
  return fmt::format("{}={}\n", key, is_list(option) ? to_toml(split_list(text)) : to_toml(text));
}

/// Numbers were read as C does in versions without recipes: "010" is 8, "+1" is 1, and a seed of -1
/// is 2^64 - 1.
std::string older_number(const CLI::Option& option, const std::string& text) {
  const std::string type = option.get_type_name();
  const bool is_seed = option.get_lnames().front().ends_with("seed");
  char* end = nullptr;
  std::string value = text;
  if (type.starts_with("N") && is_seed) {
    value = value_text(std::strtoull(text.c_str(), &end, 0));
  } else if (type.starts_with("N")) {
    value = value_text(std::strtoll(text.c_str(), &end, 0));
  } else if (type == "X" || type.starts_with("X:")) {
    value = value_text(std::strtod(text.c_str(), &end));
  }
  return end != nullptr && end != text.c_str() && *end == '\0' ? value : text;
}

std::string unknown_key(const CLI::App& app, const std::string& key) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_configurable() && !option->get_lnames().empty()) {
      names.push_back(option->get_lnames().front());
    }
  }
  const std::string nearest = nearest_name(key, names);
  return fmt::format("{} has no option '{}'{}", app.get_name(), key,
                     nearest.empty() ? "." : ": did you mean '" + nearest + "'?");
}

/// The texts that an option gets for a setting, as a command line would give them.
std::vector<std::string> texts_of(const CLI::Option& option, const ConfigLine& setting) {
  const std::string& key = setting.key;
  if (is_list(option) && setting.is_list) return {join_list(setting.values)};
  const bool takes_many = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  DMF_CHECK(!setting.is_list || takes_many, ValueError, "{} takes one value, not a list.", key);
  if (is_flag(option)) {
    const std::string& text = setting.values.front();
    DMF_CHECK(text == "true" || text == "false", ValueError,
              "{}: got '{}', expected true or false.", key, text);
  }
  return setting.values;
}

/// Gives a setting to its option, unless the command line did.
///
/// throws  ValueError saying what is wrong with it
void apply_setting(CLI::App& app, const ConfigLine& setting, bool is_older) {
  CLI::Option* option = app.get_option_no_throw("--" + setting.key);
  DMF_CHECK(option != nullptr, ValueError, "{}", unknown_key(app, setting.key));
  DMF_CHECK(option->get_configurable(), ValueError, "{} takes '{}' from no file.", app.get_name(),
            setting.key);
  const bool is_none = setting.is_list && setting.values.empty();
  if (option->count() > 0 || (is_none && option->get_default_str().empty())) return;
  DMF_CHECK(!is_none, ValueError, "{} is empty.", setting.key);
  std::vector<std::string> texts = texts_of(*option, setting);
  if (is_older && !is_list(*option)) texts = {older_number(*option, texts.front())};
  option->add_result(texts);
  try {
    option->run_callback();
  } catch (const CLI::ParseError& error) {
    const std::string problem = error.what();
    throw ValueError(problem.substr(problem.starts_with("--") ? 2 : 0) + ".");
  }
}

/// Gives the settings of a configuration file to the options that the command line did not give.
///
/// throws  IoError naming the line and what is wrong with it
void apply_settings(CLI::App& app, const std::string& text, const std::string& name) {
  const std::string older = older_recipe(text);
  const Quotes quotes = older.empty() ? Quotes::toml : Quotes::plain;
  std::vector<ConfigLine> settings = parse_settings(text, name, quotes);
  if (!older.empty()) settings.push_back({"recipe", 0, false, {older}});
  for (const ConfigLine& setting : settings) {
    try {
      apply_setting(app, setting, !older.empty());
    } catch (const ValueError& problem) {
      throw IoError(fmt::format("[config] {} line {}: {}", name, setting.line, problem.what()));
    }
  }
}

std::string read_text(const std::string& path) {
  DMF_CHECK(std::filesystem::is_regular_file(path), IoError,
            "[config] {} is not there: expected a run's config.toml.", path);
  return read_file(path, kLargest);
}

}  // namespace

std::string option_text(const CLI::Option& option) {
  if (!is_flag(option)) {
    return option.count() > 0 ? option.results().front() : option.get_default_str();
  }
  const bool on = option.count() > 0 && CLI::detail::to_flag_value(option.results().back()) > 0;
  return on ? "true" : "false";
}

std::string config_text(const CLI::App& app, Paths paths) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_configurable()) continue;
    const std::string key = option->get_lnames().front();
    if (option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll) {
      if (option->count() > 0) text += fmt::format("{}={}\n", key, to_toml(option->results()));
    } else {
      std::string value = option_text(*option);
      const bool is_given_path = nature_of(key).is_path && option->count() > 0 && !value.empty();
      if (is_given_path && paths == Paths::absolute) value = absolute_path(value);
      text += setting_text(*option, value);
    }
  }
  return text;
}

void settle_options(CLI::App& app, TrainOptions& options) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0 && !option->get_lnames().empty()) {
      options.on_command_line.insert("--" + option->get_lnames().front());
    }
  }
  bool is_older = false, whole = false;
  if (app.count("--config") > 0) {
    const std::string path = app["--config"]->results().front();
    try {
      const std::string text = read_text(path);
      is_older = !older_recipe(text).empty();
      whole = is_whole(text);
      apply_settings(app, text, path);
    } catch (const IoError& problem) {
      throw CLI::ConfigError(problem.what(), CLI::ExitCodes::ConfigError);
    }
  }
  apply_recipe(app, whole ? kGridRecipe : options.recipe);
  apply_convention(app, options.convention);
  if (!is_older) refuse_contradictions(options);  // of an older run's, one option goes before
}

TrainOptions read_config(const std::string& path) {
  return parse_config(read_text(path), path);
}

TrainOptions parse_config(const std::string& text, const std::string& name) {
  TrainOptions options;
  CLI::App app("", "train");
  bind_options(app, options, kTrainRecipe);
  apply_settings(app, text, name);
  apply_recipe(app, is_whole(text) ? kGridRecipe : options.recipe);
  apply_convention(app, options.convention);
  return options;
}

namespace {

/// "1e30" as "1e+30", which is how a run writes it: two texts of one plan must not differ. Whole
/// numbers stay, they may have more digits than a number keeps.
std::string shortest_number(const std::string& text) {
  const auto number = parse_number(text);
  const bool whole = text.find_first_of(".eE") == std::string::npos;
  return number && !whole ? value_text(*number) : text;
}

}  // namespace

std::string with_options(const std::string& config,
                         const std::vector<std::pair<std::string, std::string>>& changes) {
  TrainOptions unused;
  CLI::App app("", "train");
  bind_options(app, unused, kTrainRecipe);
  std::map<std::string, std::string> lines;
  const auto set = [&](const CLI::Option& option, const std::string& text) {
    lines[option.get_lnames().front()] = setting_text(option, text);
  };
  try {
    for (const ConfigLine& setting : parse_settings(config, "the configuration", Quotes::toml)) {
      const CLI::Option* option = app.get_option_no_throw("--" + setting.key);
      if (option == nullptr || !option->get_configurable() || setting.values.empty()) continue;
      set(*option, texts_of(*option, setting).front());
    }
    for (const auto& [key, value] : changes) {
      const CLI::Option* option = app.get_option_no_throw("--" + key);
      DMF_CHECK(option != nullptr && option->get_configurable(), IoError, "[config] {}",
                unknown_key(app, key));
      std::vector<std::string> entries = is_list(*option) ? split_list(value) : std::vector{value};
      for (std::string& entry : entries) entry = shortest_number(entry);
      set(*option, is_list(*option) ? join_list(entries) : entries.front());
    }
  } catch (const ValueError& problem) {
    throw IoError(fmt::format("[config] {}", problem.what()));
  }
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    const auto line = lines.find(option->get_lnames().front());
    if (line != lines.end()) text += line->second;
  }
  return text;
}

}  // namespace dmf
