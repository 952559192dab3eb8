#pragma once

#include <vector>

#include "dmf/weighting_rule.h"

namespace dmf {

/// All weighting rules there are: loss_rules(), then gram_rules().
const std::vector<RuleEntry>& weighting_rules();

/// The settings of all rules, at their defaults.
Settings rule_settings();

}  // namespace dmf
