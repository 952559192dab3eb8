#pragma once

#include <string>

#include "apps/benchmarks/timed_step.h"

namespace dmf {

/// How fast batches are made beside a training step, so that one can tell whether the step waits for
/// them: images of phantoms copied from memory, augmented and stacked as the loader does it, on one
/// thread (which is what a training on the CPU has for it) and a batch on every thread; and in turn
/// with them the step, which has all threads.
///
/// augment  see parse_composition()
/// return   one JSON line: medians of images a second, and `batch_over_step`, a batch's time on one
///          thread over the step's: below 1 no step waits
/// throws   ValueError for images below 32 pixels and for an unsound composition
std::string run_loading_benchmark(const Workload& workload, const std::string& augment,
                                  int iterations);

}  // namespace dmf
