#pragma once

#include <string>

#include "apps/experiment/results.h"

namespace dmf {

/// Two runs side by side, by the test images that both have: the options that differ, the scores with
/// the paired difference and its interval, each image's Dice of one over the other, and the images that
/// differ most.
struct RunComparison {
  std::string sentence;  // what it found
  std::string page;      // HTML
};

/// at      where the page will lie, for its links to the runs' own
/// throws  IoError where the runs are of different data sets, or no image with a lesion is tested by
///         both
RunComparison compare_runs(const RunResult& a, const RunResult& b, const std::filesystem::path& at);

}  // namespace dmf
