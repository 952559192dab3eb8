#pragma once

#include <string>

#include "apps/benchmarks/timed_step.h"

namespace dmf {

/// Times a training step (forward, cross-entropy, backward, Adam; one fixed batch, data not
/// counted) and inference of one of the two networks; medians after three warm-up rounds.
///
/// device  the CPU, or the reference
/// return  one JSON line, the keys of benchmarks/peer_pytorch.py's with `parameters`,
///         `train_step_ms`, `inference_ms` and `peak_memory_mb` (the process's resident peak after
///         training)
std::string run_step_benchmark(const Workload& workload, Device device, int iterations);

}  // namespace dmf
