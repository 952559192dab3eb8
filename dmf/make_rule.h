#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "dmf/weighting_rule.h"

namespace dmf {

/// The entry of that name among the rules; null where the text is an expression.
///
/// throws  ValueError for what is neither: naming all rules for what looks like a name, else the
///         character of the expression
const RuleEntry* find_rule(const std::vector<RuleEntry>& rules, std::string_view weighting);

/// The rule of that name, or of that expression, which has no settings.
///
/// throws  as find_rule(), and what the rule throws for its settings
std::unique_ptr<WeightingRule> make_rule(const std::vector<RuleEntry>& rules,
                                         std::string_view weighting, const RuleContext& context,
                                         Settings settings);

/// Its own settings: none of an expression.
std::vector<Setting> settings_of_rule(const std::vector<RuleEntry>& rules,
                                      std::string_view weighting);

}  // namespace dmf
