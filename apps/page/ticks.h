#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dmf {

/// Numbers beyond it are drawn as it, and the inverse is the least of a logarithmic axis: the width of
/// a range must be a number.
constexpr double kLargestShown = 1e300;

/// What an axis shows, from its least to its largest value.
struct AxisRange {
  double low = 0.0, high = 1.0;
};

/// A range that holds the values, never empty. Values that are not finite count for nothing; without
/// any it is [0, 1].
///
/// log   values that are not positive count for nothing
/// room  beyond them at both ends, as a share of their width; not below 0 where none of them is
AxisRange range_of(const std::vector<double>& values, bool log, double room = 0.04);

/// The places of an axis that bear a number: at most `most`, round ones (1, 2 or 5 times a power of
/// ten; of a logarithmic axis as many of these as there is room for, or powers of ten alone).
///
/// most    at least 2
/// return  each place and its number as text, all with as many decimals as they need
std::vector<std::pair<double, std::string>> axis_ticks(const AxisRange& range, int most, bool log);

}  // namespace dmf
