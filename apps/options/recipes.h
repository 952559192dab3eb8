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

/// Gives the recipe's values to all options of the program that were not given.
void apply_recipe(CLI::App& app, const std::string& recipe);

/// The recipe that a configuration file without the key `recipe` means: "paper" for a run's file
/// that was written before there were recipes, whose defaults were those of the paper; else "".
///
/// Such a file has every key of its time, so it is known by them. What has become an option since
/// takes the value that recipe_settings("paper") gives it: that of before.
std::string older_recipe(std::string_view config);

/// One line: the recipe, what it sets, and what was set otherwise.
std::string describe_recipe(const CLI::App& app);

}  // namespace dmf
