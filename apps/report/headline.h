#pragma once

#include <string>
#include <vector>

#include "apps/evaluation/scoreboard.h"
#include "apps/page/page.h"
#include "apps/run/provenance.h"

namespace dmf {

/// The scores to quote, in lines of at most 80 columns for the terminal.
std::string headline_lines(const Scoreboard& board);

/// A sentence to copy into a paper. "On 42 held-out images (random split, seed 1) ...".
///
/// from  the run: its split, and whether its images are simulated
std::string headline_sentence(const Scoreboard& board, const Provenance& from);

/// What must be known before a number of the run is quoted: simulated images, the warnings of its
/// training, few test images.
std::vector<std::string> read_first(const Scoreboard* board, const Provenance& from);

/// The top of a run's page: the score to quote, what stands beside it, and what to read first.
///
/// board  null while the run still trains
void add_headline(Page& page, const Scoreboard* board, const Provenance& from);

}  // namespace dmf
