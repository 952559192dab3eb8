#pragma once

#include "engine/cuda/launch.cuh"

namespace dmf::cuda {

/// Sum of `value` over all threads of a block of `kThreads`, in an order that depends on nothing
/// but their numbers; valid in thread 0. `scratch` holds kThreads / 32 values. Every thread of the
/// block must call it, and scratch may be used again after the next barrier.
template <class T>
__device__ T block_sum(T value, T* scratch) {
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffU, value, step);
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
  __syncthreads();
  T sum{};
  if (threadIdx.x == 0) {
    for (unsigned warp = 0; warp < (blockDim.x + 31) / 32; ++warp) sum += scratch[warp];
  }
  return sum;
}

}  // namespace dmf::cuda
