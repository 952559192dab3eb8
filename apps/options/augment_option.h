#pragma once

#include <string>

namespace CLI {
class Option;
}  // namespace CLI

namespace dmf {

class OptionSet;

/// Adds --augment, which takes any composition (see parse_composition()), under that heading of
/// --help. A configuration holds the composition in full.
CLI::Option* add_augment_option(OptionSet& set, const std::string& group, std::string& augment);

}  // namespace dmf
