#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "apps/options/options.h"
#include "apps/options/recipes.h"

namespace dmf {

/// The options of train after a command line, and after its configuration file and recipe.
struct Command {
  TrainOptions options;
  CLI::App app{"", "train"};

  explicit Command(std::vector<std::string> words, const std::string& recipe = kTrainRecipe) {
    bind_options(app, options, recipe);
    std::reverse(words.begin(), words.end());
    app.parse(words);
  }
};

/// What train says of a command line that it refuses, or "".
inline std::string refusal(const std::vector<std::string>& words) {
  try {
    const Command command(words);
  } catch (const CLI::ParseError& problem) {
    return problem.what();
  }
  return "";
}

}  // namespace dmf
