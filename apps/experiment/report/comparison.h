#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/evaluation/scoreboard.h"
#include "apps/experiment/results.h"
#include "apps/experiment/statistics.h"

namespace dmf {

/// A configuration against another by lesion Dice per image: a rule against fixed weights with the same
/// auxiliary loss, and all else equal; where there are none such, one with changed options against the
/// one without the changes.
struct Comparison {
  std::string configuration, baseline;
  bool of_rules = true;             // else of options
  std::vector<double> differences;  // configuration minus baseline, a number each pair
  Estimate mean = {};               // of the differences
  SignedRankTest test = {};
  double p_holm = 1.0;  // corrected for all comparisons of its kind made beside it

  bool significant() const { return p_holm < 0.05; }
  /// "higher", "lower" or "equal", by the mean.
  std::string direction() const;
};

/// What a difference is to, after "difference" or "differences".
inline constexpr std::string_view kComparedWith =
    "of rules to fixed weights with the same auxiliary loss, of changed options to the configuration "
    "without the changes";

/// A Comparison with its numbers, but for the correction.
Comparison compared(std::string configuration, std::string baseline,
                    std::vector<double> differences);

/// Of two configurations by the test images that both have, but for the correction; no differences where
/// there are no such images.
Comparison compare_images(const Results& results, std::string configuration, std::string baseline);

/// Holm's correction over all of them.
void correct(std::vector<Comparison>& comparisons);

/// The pairs are test images: the lesion Dice of each, mean over the repetitions that tested it under
/// both configurations.
std::vector<Comparison> compare_over_images(const Results& results);

/// The pairs are repetitions, by their mean; from six repetitions on: with fewer no p below 0.05 is
/// possible.
std::vector<Comparison> compare_over_repetitions(const Results& results);

/// Lesion Dice of every image with a lesion, by image, the mean over the runs.
std::map<std::string, double> dice_by_image(const std::vector<const RunResult*>& runs);

/// The mean of a run over its test images with a lesion; 0 where none has one.
double lesion_dice(const RunResult& run);

/// Configurations whose counts of pixels are those of an earlier one in every test image of all
/// repetitions that both have.
struct Twins {
  std::string configuration, earlier;
  std::size_t images = 0, repetitions = 0;
  bool same_training = false;  // every loss and weight of every step was the same too
};
std::vector<Twins> find_twins(const Results& results);

}  // namespace dmf
