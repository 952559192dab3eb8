#pragma once

#include <functional>
#include <string>

#include "apps/benchmarks/timed_step.h"

namespace dmf {

/// What threads bring: a training step with one thread and with all of them in turn, so that a
/// machine that slows down slows both, and beside each pair the machine's own bare multiply-adds.
///
/// print  called with one JSON line: median steps, and medians over the rounds of the step's ratio
///        (one thread's time over all threads') and of the machine's (all threads' rate over one's)
/// throws ValueError with fewer than two threads in use
void run_scaling_benchmark(const Workload& workload, int iterations,
                           const std::function<void(const std::string&)>& print);

}  // namespace dmf
