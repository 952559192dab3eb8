#pragma once

#include "apps/experiment/results.h"
#include "apps/page/page.h"

namespace dmf {

/// Adds the same test images under every configuration (the paper's Figures 1 to 3), of the first
/// repetition that all of them have; nothing where there is none.
void add_pictures(Page& page, const Results& results);

}  // namespace dmf
