#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/benchmarks/op_cases.h"

namespace dmf {

/// Measures the machine's peaks, then every kernel of every shape: first checked against ref, then
/// timed. Each result is one JSON line: median, fastest and spread (the middle half of the samples
/// over the median), effective GFLOP/s (operations of the definition, whatever the kernel does),
/// GB/s, and both as percent of the peaks.
///
/// print   called with each line as it is ready
/// return  false if a kernel differs from ref by more than 2e-5 of the largest value
bool run_ops_benchmark(const std::vector<OpShape>& shapes,
                       const std::function<void(const std::string&)>& print);

}  // namespace dmf
