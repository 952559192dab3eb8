#pragma once

#include <string>
#include <vector>

#include "apps/files/csv.h"
#include "apps/options/options.h"
#include "apps/page/page.h"
#include "apps/page/plot.h"

namespace dmf {

/// A column of a run's steps.csv or epochs.csv over another, rows without a number left out.
///
/// throws  IoError where the file has no such column
Series curve(const CsvTable& table, const std::string& name, const std::string& x,
             const std::string& y);

/// Adds the course of a run so far: weights, losses and gamma over the steps, validation over the
/// epochs, and, where gradients were recorded, each loss's share of them and who agrees with whom.
///
/// steps, epochs  the run's steps.csv and epochs.csv
void add_run_curves(Page& page, const CsvTable& steps, const CsvTable& epochs,
                    const TrainOptions& options);

}  // namespace dmf
