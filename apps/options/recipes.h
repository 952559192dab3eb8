#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

/// What `train` uses unless told otherwise; a grid compares under the paper's protocol.
constexpr const char* kTrainRecipe = "strong";
constexpr const char* kGridRecipe = "paper";

/// strong, paper, quick
std::vector<std::string> recipe_names();

/// What a recipe says of every option that recipes differ in: key and value.
///
/// throws  IoError for another name
std::vector<std::pair<std::string, std::string>> recipe_settings(const std::string& recipe);

/// Gives these values, by key, to those options of the program that were not given.
void set_defaults(CLI::App& app, const std::vector<std::pair<std::string, std::string>>& settings);

/// Gives the recipe's values to all options of the program that were not given.
void apply_recipe(CLI::App& app, const std::string& recipe);

/// Whether a configuration file has every key of its time, as a run's and a grid's have. What it lacks
/// has become an option since, and takes the value that recipe_settings("paper") gives it, that of
/// before: the recipe that such a run was begun with did not say it.
bool is_whole(std::string_view config);

/// The recipe that a configuration file without the key `recipe` means: "paper" for a whole one, which
/// was written before there were recipes, with defaults that were the paper's; else "".
std::string older_recipe(std::string_view config);

/// One line: the recipe, what it sets, and what was set otherwise.
std::string describe_recipe(const CLI::App& app);

}  // namespace dmf
