#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/options/options.h"

namespace dmf {

/// What a training is to be so that it takes about as long as it may.
struct BudgetPlan {
  std::vector<std::pair<std::string, std::string>> settings;  // of options: "image", "192"
  std::vector<std::string> lines;                             // what was measured, and what chosen
};

/// "1h30m", "40m", "90s" in seconds; none for what is no such time, or none at all.
std::optional<double> seconds_in(std::string_view text);

/// Chooses the images' size and the network's width, unless they are given, and the number of updates:
/// the largest of a few sizes, from 128 x 128 and 16 channels to 256 x 256 and 32, of which kFewestUpdates
/// steps fit, then as many as fit, but no more than kMostUpdates. A tenth of the time is left to
/// validation and scoring.
///
/// seconds  > 0
/// cost     seconds that a step takes, see seconds_per_step()
/// throws   ValueError where not even one step of the smallest fits
BudgetPlan plan_within(double seconds, const TrainOptions& options,
                       const std::function<double(const TrainOptions&)>& cost);

inline constexpr std::int64_t kFewestUpdates = 3000, kMostUpdates = 12000;

}  // namespace dmf
