#pragma once

#include <string>

#include "apps/experiment/results.h"

namespace dmf {

/// Every score of every run as CSV, a row each: configuration, repetition, rule, auxiliary, seed, fold,
/// images, aggregation, metric, classes, value, and its 95 % bootstrap interval
/// over test images, low and high. Empty fold: the split has none.
std::string runs_csv(const Results& results);

/// Every test image of every run as CSV: configuration and repetition, then the columns of
/// per_image.csv.
std::string images_csv(const Results& results);

}  // namespace dmf
