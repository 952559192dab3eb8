#pragma once

#include <cstdint>
#include <string>

#include "engine/core/choice.h"

namespace dmf {

class OptionSet;

/// How images come to the parts of a split.
struct SplitRule {
  bool given = false;    // as folders say, where there are such
  bool grouped = false;  // near-duplicate images stay on one side

  bool operator==(const SplitRule&) const = default;
};
inline constexpr Named<SplitRule> kSplitRules[] = {
    {"given-or-random", {true, false}, "as the folders say, else random"},
    {"given-or-grouped", {true, true}, "as the folders say, else grouped"},
    {"random", {false, false}, "every image by itself"},
    {"grouped", {false, true}, "near-duplicate images stay on one side"}};

/// Which image is in which part.
struct SplitOptions {
  SplitRule rule = {.given = true};
  std::uint64_t seed = 0;       // 0: as that of the run
  int folds = 0;                // 0: 70/15/15
  int fold = 1;                 // from 1
  int set_aside = 0;            // the fold that is in no part; 0: none
  double validation_share = 0;  // of those that do not test; 0: the next fold
  std::string folds_file, split_file;
  std::string groups, group_by;
  double duplicate_threshold = 0.97;

  /// Whether a file says how the data are divided.
  bool from_file() const { return !split_file.empty() || !folds_file.empty(); }
  /// Whether the user says who belongs together.
  bool names_groups() const { return !groups.empty() || !group_by.empty(); }
  /// Adds an option for each.
  void bind(OptionSet& set);
};

}  // namespace dmf
