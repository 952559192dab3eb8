#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "apps/options/options.h"

namespace dmf {

/// What the weighting rule has to be given.
RuleNeeds needs_of_rule(const TrainOptions& options);

/// throws  CLI::ValidationError naming two options of which one would go unheard, a loss that is
///         given twice, or a fold that does not exist
void refuse_contradictions(const TrainOptions& options);

/// What was asked for without changing anything, a line each: "--momentum has no effect with
/// --optimizer adam". Only of what was given, not of what a recipe sets.
///
/// app    what the options are bound to
/// steps  of the whole training
std::vector<std::string> without_effect(const CLI::App& app, const TrainOptions& options,
                                        std::int64_t steps);

/// Of the options on a command line ("--lr"), those that change nothing in any of several runs.
std::vector<std::string> without_effect_in_any(const std::set<std::string>& on_command_line,
                                               const std::vector<TrainOptions>& runs);

}  // namespace dmf
