#pragma once

#include <functional>

#include "apps/experiment/results.h"
#include "apps/experiment/table.h"

namespace dmf {

/// Seconds that a training step of such options takes on this machine.
using StepCost = std::function<double(const TrainOptions&)>;

/// What a step of each configuration costs against the first one of fixed weights, and the lesion Dice
/// per validation image that it had reached when that one's training ended. No rows where there is none.
///
/// cost  asked several times for each configuration, in turn, of which the least counts
Table cost_table(const Results& results, const StepCost& cost);

}  // namespace dmf
