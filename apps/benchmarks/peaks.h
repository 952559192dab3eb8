#pragma once

#include "engine/core/compute.h"

namespace dmf {

/// What the machine can do with the threads in use, measured now.
struct Peaks {
  double gflops;     // vector multiply-adds in registers, float, two operations each
  double gigabytes;  // a second, read and written, copying an array far larger than the caches
};

Peaks measure_peaks();
/// Of a CUDA device: a product of large matrices, by cuBLAS where the
/// program was built with it, and a copy far larger than its caches.
Peaks measure_device_peaks(const Compute& compute);
/// The first of them alone; some tens of milliseconds.
double measure_gflops();

}  // namespace dmf
