#pragma once

#include <string>
#include <vector>

#include "apps/experiment/report/comparison.h"

namespace dmf {

/// What a grid found, in one sentence or two: which rules differ from fixed weights after correction,
/// or that none does; how far rules and repetitions move the lesion Dice; that it is too little to say.
std::string verdict(const Results& results, const std::vector<Comparison>& comparisons);

/// What a reader must know before any number, a sentence each: configurations that are the same runs
/// under two names, repetitions that some lack, runs that failed, simulated images, and what the
/// trainings warned of.
std::vector<std::string> cautions(const Results& results);

/// "runs/grid: BUSI, 780 images": the folder that all runs lie in, and their data.
std::string grid_name(const Results& results);

}  // namespace dmf
