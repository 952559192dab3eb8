#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "losses/metrics/metrics.h"

namespace dmf {

/// How a project adds up the overlap of hard predictions where it reports one, of the versions named
/// in reported_overlap.cpp.
struct OverlapReport {
  enum class Unit { image, batch, set };  // the pixels that are counted together
  /// What a class is worth to a unit where it is absent.
  enum class Absent {
    zero,
    one,             // neither in the truth nor predicted: 1
    skip,            // neither: left out of the mean
    skip_unlabelled  // not in the truth: left out, whatever is predicted
  };

  std::string_view name;  // of the convention
  std::string_view what;  // what is averaged, for headings
  Unit unit;
  bool background;
  bool
      units_first;  // the mean over units, then over classes: where some are left out, not the same
  Absent dice, iou;
  double eps;  // added to denominators

  /// The mean of "dice" or "iou" over units and classes; 0 where all are left out.
  ///
  /// units  the counts of each unit's classes
  double mean_of(const ClassMetric& metric,
                 const std::vector<std::vector<ClassCounts>>& units) const;
};

/// Of a convention as the losses have it; null for paper's, whose numbers every scoreboard has.
const OverlapReport* overlap_report(const std::string& convention);

}  // namespace dmf
