#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// A line of a configuration file: KEY = VALUE, or KEY = [VALUE, ...].
struct ConfigLine {
  std::string key;
  int line = 0;
  bool is_list = false;             // in brackets
  std::vector<std::string> values;  // one, or those in the brackets
};

/// How a text in double quotes is to be read.
enum class Quotes {
  toml,  // "\\" is a backslash, "\n" a line break: as TOML has it, and as to_toml() writes it
  plain  // a backslash is a backslash: as versions without recipes wrote it
};

/// Reads a configuration file: TOML of one level, which may also have values without quotes
/// (`model = paper`), up to a comma, a bracket, a comment or the line's end. Accepts a UTF-8 mark
/// and every kind of line end.
///
/// name    for messages
/// throws  IoError naming the line and what is wrong with it; of a key that is there twice both
///         lines; for UTF-16, JSON, YAML and sections by name
std::vector<ConfigLine> parse_settings(std::string_view text, const std::string& name,
                                       Quotes quotes);

/// The values of the lines KEY=VALUE as they stand there, by key; all other lines are passed over, so
/// that a file that another version wrote, or a person, can be compared with one's own.
std::map<std::string, std::string> config_values(std::string_view text);

/// A value as TOML: a number as it is, any other text quoted so that parse_settings() reads it back
/// to the last byte.
std::string to_toml(const std::string& value);
std::string to_toml(const std::vector<std::string>& values);

}  // namespace dmf
