#pragma once

#include <string>
#include <vector>

#include "apps/experiment/report/comparison.h"
#include "apps/experiment/results.h"
#include "apps/experiment/table.h"
#include "apps/files/csv.h"

namespace dmf {

/// Every table of a grid's report but the matrix (grid_matrix.h), in the order of the page.
///
///   tests         each rule against fixed weights, each changed option against what is unchanged
///                 (Wilcoxon's signed-rank test over test images, Holm's correction)
///   tuned         rules against the fixed weights that validation chose of several (the same tests)
///   repetitions   the same over repetitions, from six on
///   every_run     lesion Dice per image of every run
///   lesion        the lesion alone: per image, distances, missed, pooled
///   sizes         lesion Dice per image by the lesion's share of the image
///   extremes      each configuration's best and worst image
///   paper         pooled means over classes in percent, mean ± standard deviation over
///                 repetitions, as the paper prints them
///   beside_paper  Dice, IoU and CB-Dice of these and of the paper, where it has the configuration
///
/// comparisons  over images
std::vector<Table> grid_tables(const Results& results, const std::vector<Comparison>& comparisons);

/// Dice, IoU and CB-Dice of each configuration that the paper has: ours, then the paper's on each
/// of its data sets. Which of them is ours is not guessed.
///
/// ours    the table "paper": the configuration in front, Dice, IoU and CB-Dice
/// paper   apps/report/paper_tables.csv
Table beside_paper(const Table& ours, const CsvTable& paper);

/// One line for each run that is not in the tables, and why.
std::vector<std::string> missing_runs(const Results& results);

/// Which split made the tables.
std::string describe_splits(const Results& results);

}  // namespace dmf
