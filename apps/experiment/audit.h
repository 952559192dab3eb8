#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/files/csv.h"

namespace dmf {

/// What can be said of a row of published scores. Every number may be off by half a unit of its
/// last printed digit.
struct AuditRow {
  std::string label;  // the texts of the row
  /// What no averaging can produce: Dice > HM(P, R), F1 > HM(P, R), IoU outside [D / (2 - D), D].
  /// (HM: harmonic mean. Dice, IoU as a function of Dice and HM are such that means keep the
  /// order.)
  std::vector<std::string> impossible;
  /// What the pooled counts of two classes cannot produce: IoU > (1 + (2D - 1) / (3 - 2D)) / 2, the
  /// value where the background is perfect. That is convex in D: where a deviation is given, the
  /// scores are taken for means over repetitions, and 4 deviation^2 is allowed for.
  std::vector<std::string> impossible_pooled;
  /// The lesion Dice that a mean over two classes implies: from CB-Dice and the lesion's share,
  /// else none.
  std::optional<double> lesion_dice;
  /// The standard deviation of Dice over whatever was averaged (images, batches, classes): since
  /// f(D) = D / (2 - D) is convex, mean IoU - f(mean Dice) is about Var(Dice) 2 / (2 - D)^3. None
  /// where that difference is within rounding.
  std::optional<double> spread;
};

/// Columns Dice and IoU, in percent where any score is above 1; precision, recall, F1, CB-Dice and
/// lesion share where there are such; in any case and punctuation. A deviation stands in the cell
/// ("93.3 ± 0.9"), or in a column of its own ("Dice SD", or "SD" behind the score's). Any other
/// column is part of a row's label. An empty cell is not checked.
///
/// throws  IoError naming a column that is missing or a cell that is no score
std::vector<AuditRow> audit(const CsvTable& table);

/// A line for each row, and one that counts.
std::string audit_text(const std::vector<AuditRow>& rows);

}  // namespace dmf
