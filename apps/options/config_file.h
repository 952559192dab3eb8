#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apps/options/options.h"

namespace dmf {

/// How paths that the user gave stand in a configuration.
enum class Paths { as_given, absolute };

/// The options in force as a configuration file (TOML), empty ones left out.
std::string config_text(const CLI::App& app, Paths paths = Paths::as_given);

/// What an option is, as its text on a command line: as given, or else its default.
std::string option_text(const CLI::Option& option);

/// Completes the options of a command line that has been parsed: from its --config FILE, then from
/// the recipe. The command line goes before the file, the file before the recipe.
///
/// throws  CLI::ConfigError naming the file, the line and what is wrong with it;
///         CLI::ValidationError for options that contradict each other, see option_conflicts.h
void settle_options(CLI::App& app, TrainOptions& options);

/// Reads a configuration file that `train` wrote.
///
/// throws  IoError naming the file and what is wrong with it
TrainOptions read_config(const std::string& path);
/// The same from the file's text; `name` is for messages.
TrainOptions parse_config(const std::string& text, const std::string& name);

/// The configuration with some options changed.
///
/// config   as config_text() writes it; keys that train does not know are left out
/// changes  key and value, as on the command line but for the dashes; lists with commas
/// throws   IoError for a key that train does not know, and for a configuration that cannot be read
std::string with_options(const std::string& config,
                         const std::vector<std::pair<std::string, std::string>>& changes);

}  // namespace dmf
