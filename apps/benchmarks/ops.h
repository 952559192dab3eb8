#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/benchmarks/op_shapes.h"
#include "engine/core/compute.h"

namespace dmf {

/// Measures the machine's peaks, then every kernel of every shape: first checked (on the CPU
/// against ref, on a CUDA device against the CPU's), then timed. Each result is one JSON line:
/// median, fastest and spread (the middle half of the samples over the median), effective GFLOP/s
/// (operations of the definition, whatever the kernel does), GB/s, and both as percent of the
/// peaks.
///
/// print   called with each line as it is ready
/// return  false if a kernel differs by more than 2e-5 of the largest value; 2e-3 where factors are
///         rounded to TF32, 2e-2 for bfloat16
bool run_ops_benchmark(const std::vector<OpShape>& shapes, const Compute& compute,
                       const std::function<void(const std::string&)>& print);

}  // namespace dmf
