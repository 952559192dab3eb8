#pragma once

#include <cuda_runtime.h>

#include <functional>

namespace emulator {

/// Runs a kernel: body() in every thread of every block, blocks side by side on the CPU's cores.
void run_blocks(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body);

}  // namespace emulator
