#pragma once

#include <vector>

#include "dmf/weighting_rule.h"

namespace dmf {

/// The weighting rules that look at the losses' values alone, or at nothing: all that dmf::fusion has
/// by itself. A new one is a file and a line in the table.
const std::vector<RuleEntry>& loss_rules();

}  // namespace dmf
