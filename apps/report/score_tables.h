#pragma once

#include "apps/evaluation/scoreboard.h"
#include "apps/page/page.h"

namespace dmf {

/// Adds the scores of the lesion, the one to quote first; by the lesion's size; and every number of
/// the scoreboard.
void add_scores(Page& page, const Scoreboard& board);

/// Adds the reliability diagram: how often pixels are right, over how sure the network is of them.
///
/// reliability  of at least one pixel
void add_reliability(Page& page, const Reliability& reliability);

}  // namespace dmf
