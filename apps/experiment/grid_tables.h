#pragma once

#include <string>
#include <vector>

#include "apps/experiment/results.h"
#include "apps/experiment/table.h"

namespace dmf {

/// Every table of a grid's report.
///
///   paper       pooled means over classes in percent, mean ± standard deviation over repetitions,
///               as the paper prints them, with its own Dice, IoU and CB-Dice beside ours where it
///               has the configuration
///   lesion      the lesion alone: pooled, per image, distances, missed
///   tests       each configuration against fixed weights with the same auxiliary loss (Wilcoxon's
///               signed-rank test over test images, Holm's correction)
///   repetitions the same over repetitions, from six on
///   sizes       lesion Dice per image by the lesion's share of the image
std::vector<Table> grid_tables(const Results& results);

/// One line for each run that is not in the tables, and why.
std::vector<std::string> missing_runs(const Results& results);

/// Which split made the tables.
std::string describe_splits(const Results& results);

}  // namespace dmf
