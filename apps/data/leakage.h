#pragma once

#include <string>

#include "apps/data/duplicates.h"

namespace dmf {

/// Near-duplicate images of a data set: groups, and those whose members have different classes.
struct LeakageReport {
  std::size_t images = 0, groups = 0, grouped_images = 0, conflicts = 0;
  std::string text;                      // a line a group, then one that counts
  std::string csv;                       // group, id, class, conflict
  std::vector<std::string> conflicting;  // a line a group whose members have different classes
};

/// threshold  thumbnails that correlate above it are near-duplicates
LeakageReport find_leakage(const SampleSet& samples, double threshold);

}  // namespace dmf
