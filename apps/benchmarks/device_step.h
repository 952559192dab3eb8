#pragma once

#include <string>

#include "apps/benchmarks/timed_step.h"
#include "engine/core/compute.h"

namespace dmf {

/// A training step of a network with cross-entropy and Adam on a CUDA device, as train makes it
/// (recorded, with the exchange of loss values and weights), and inference. The batch lies on the
/// device from the start. Besides the times, the two floors of the step: its multiplications and
/// additions at the rate of a large matrix product, and its bytes, each op's inputs and outputs
/// once, at the speed of a copy; of U-Nets, whose ops are known.
///
/// return  one line of JSON
std::string run_device_step_benchmark(const Workload& workload, const Compute& compute,
                                      int iterations);

}  // namespace dmf
