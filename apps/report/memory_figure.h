#pragma once

#include "apps/files/csv.h"
#include "apps/options/options.h"
#include "apps/page/page.h"

namespace dmf {

/// Adds what a run's memory did: the losses with the window that the rule remembers, the weights that
/// it gave, stacked to one, and gamma; under a cursor the numbers of the equations at each step.
///
/// steps    the run's steps.csv; without a step whose losses are finite nothing is added
/// what_if  also the weights that other rules would have given on these losses
void add_memory(Page& page, const CsvTable& steps, const TrainOptions& options, bool what_if);

}  // namespace dmf
