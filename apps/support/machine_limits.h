#pragma once

#include <filesystem>
#include <string>

#include "engine/core/device.h"

namespace dmf {

// What this process may use of the machine: batch systems and containers give it a part.

/// The number that a file of the system begins with; `otherwise` where there is none ("max").
double first_number(const std::filesystem::path& path, double otherwise);
/// The number after a word of such a file; `otherwise` where it does not occur.
double number_after(const std::filesystem::path& path, const std::string& name, double otherwise);

/// Of a control group (version 1 or 2) and those above it; infinity where nothing is limited.
struct GroupLimits {
  double cores;        // its share of time, in cores
  double memory_left;  // bytes until it is full; files kept for reading again make way
};

/// root  where /proc and /sys are; another for tests
GroupLimits group_limits(const std::filesystem::path& root = "/");

/// Cores this process may run on: its affinity and its control group's share, at least 1.
int usable_cores();

/// Bytes this process may still take: of a CUDA device what it has free; else what the machine has
/// free, or less where a limit on the process (ulimit -v) or its control group says so. Infinity
/// where none of them can be read.
double available_memory(Device device);

}  // namespace dmf
