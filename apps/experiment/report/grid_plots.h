#pragma once

#include <string>
#include <vector>

#include "apps/experiment/report/comparison.h"
#include "apps/page/interval_plot.h"
#include "apps/page/multiples.h"

namespace dmf {

/// Small multiples of a grid's course, a panel a configuration: the mean over its repetitions and, as a
/// band, from the least to the largest of them.
struct CoursePlots {
  std::vector<Multiples> weights;     // of rules that move; none: no rule does
  std::vector<Multiples> validation;  // a score each
  std::vector<Multiples> losses;      // a base loss each, unweighted
};
CoursePlots course_plots(const Results& results);

/// Each comparison's mean difference and interval; a filled point where it is significant.
IntervalPlot difference_plot(const std::vector<Comparison>& comparisons);

}  // namespace dmf
