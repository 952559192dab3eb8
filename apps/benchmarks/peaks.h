#pragma once

namespace dmf {

/// What the machine can do with the threads in use, measured now.
struct Peaks {
  double gflops;     // vector multiply-adds in registers, float, two operations each
  double gigabytes;  // a second, read and written, copying an array far larger than the caches
};

Peaks measure_peaks();
/// The first of them alone; some tens of milliseconds.
double measure_gflops();

}  // namespace dmf
