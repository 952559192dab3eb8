#pragma once

#include <functional>
#include <string>

#include "apps/benchmarks/timed_step.h"

namespace dmf {

/// What Dynamic Memory Fusion costs: a training step with cross-entropy alone, and with three base
/// losses, an auxiliary loss and each weighting rule, the memory full; but for rules that look at the
/// losses once more after the update (famo), which cost another forward pass. The objectives take
/// turns, so that a machine that slows down slows all of them.
///
/// print  called with one JSON line for each objective: the median step, and the median over the
///        rounds of its time over that round's cross-entropy
void run_dmf_benchmark(const Workload& workload, int iterations,
                       const std::function<void(const std::string&)>& print);

}  // namespace dmf
