#pragma once

#include <string>
#include <vector>

#include "apps/experiment/report/comparison.h"
#include "apps/experiment/table.h"

namespace dmf {

/// Lesion Dice per image of a grid, rules over auxiliary losses. Where configurations differ in more
/// than these, each is a row of its own and there is one column.
struct GridMatrix {
  struct Cell {
    std::string configuration;             // empty: the grid has none such
    std::vector<double> repetitions;       // a mean over test images each
    const Comparison* compared = nullptr;  // null: nothing to compare it with
  };
  std::vector<std::string> rows, columns;
  std::vector<std::vector<Cell>> cells;  // by row and column

  bool by_rule() const { return columns.size() > 1; }
  /// The same in texts: mean, difference and † where it holds.
  Table table() const;
  /// For a page: with a dot for each repetition.
  std::string html() const;
};

/// comparisons  over images, which must outlive the matrix
GridMatrix make_matrix(const Results& results, const std::vector<Comparison>& comparisons);

}  // namespace dmf
