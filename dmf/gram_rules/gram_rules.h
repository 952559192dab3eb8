#pragma once

#include <vector>

#include "dmf/weighting_rule.h"

namespace dmf {

/// The weighting rules that look at the inner products of the losses' gradients. They need Eigen to
/// be built, and so are a library of their own, dmf::gram_rules. A new one is a file and a line in
/// the table.
const std::vector<RuleEntry>& gram_rules();

}  // namespace dmf
