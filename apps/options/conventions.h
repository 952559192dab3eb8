#pragma once

#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace dmf {

/// Whose definition of an overlap the losses on counts follow, as far as options differ: paper, demo,
/// monai, smp, nnunet, keras.
std::vector<std::string> convention_names();

/// What it sets: key and value, the same keys for each.
///
/// throws  ValueError for another name
std::vector<std::pair<std::string, std::string>> convention_settings(const std::string& convention);

/// Gives the convention's values to all options of the program that were not given.
void apply_convention(CLI::App& app, const std::string& convention);

}  // namespace dmf
