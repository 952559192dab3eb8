#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "engine/core/shape.h"
#include "engine/cuda/check.h"
#include "engine/cuda/context.h"

namespace dmf::cuda {

struct Launch {
  const char* name;  // for errors
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
};

/// Launches a kernel on the stream. A grid without blocks is not launched.
///
/// throws  DeviceError naming the kernel
template <class... Parameters, class... Arguments>
void launch(const Launch& how, void (*kernel)(Parameters...), Arguments... arguments) {
  if (how.grid.x == 0 || how.grid.y == 0 || how.grid.z == 0) return;
  note_launch(how.name);
  if (how.shared_bytes > 48 * 1024) {
    DMF_CUDA_CHECK(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                        static_cast<int>(how.shared_bytes)));
  }
  cudaLaunchConfig_t config{};
  config.gridDim = how.grid;
  config.blockDim = how.block;
  config.dynamicSmemBytes = how.shared_bytes;
  config.stream = stream();
  DMF_CUDA_CHECK(cudaLaunchKernelEx(&config, kernel, Parameters(arguments)...));
}

constexpr int kThreads = 256;  // of a block, where nothing asks for another number

/// Blocks that cover `items`, one a thread; at most 2^31 - 1 blocks.
inline dim3 blocks_for(Index items, int threads = kThreads) {
  return dim3(static_cast<unsigned>((items + threads - 1) / threads));
}

/// Number of this thread among all of the grid's x axis.
__device__ inline Index global_thread() {
  return static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x;
}

/// The block's dynamic shared memory.
template <class T>
__device__ T* dynamic_shared() {
#ifdef DMF_CUDA_EMULATED
  return static_cast<T*>(emulator::dynamic_shared());
#else
  extern __shared__ __align__(128) unsigned char dmf_shared_memory[];
  return reinterpret_cast<T*>(dmf_shared_memory);
#endif
}

}  // namespace dmf::cuda
