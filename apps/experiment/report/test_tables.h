#pragma once

#include <vector>

#include "apps/experiment/report/comparison.h"
#include "apps/experiment/table.h"

namespace dmf {

/// Comparisons over test images, a row each: n, difference with its interval, p.
Table image_tests(const std::vector<Comparison>& comparisons);
/// The same over repetitions.
Table repetition_tests(const std::vector<Comparison>& comparisons);

}  // namespace dmf
