#pragma once

#include <cuda_runtime.h>

namespace dmf::cuda {

/// throws  DeviceError with the call, the place, the runtime's text and the kernel launched last;
///         OutOfMemory where that is what the runtime says
[[noreturn]] void throw_error(cudaError_t status, const char* call, const char* file, int line);

/// Names a kernel that is about to run, for the text of errors that show later.
void note_launch(const char* kernel);

/// throws  ShapeError where a count passes what 32-bit indices of kernels reach
void check_count(const char* kernel, long long count);

}  // namespace dmf::cuda

/// Every call of the CUDA runtime goes through this.
#define DMF_CUDA_CHECK(call)                                                    \
  do {                                                                          \
    const cudaError_t dmf_status = (call);                                      \
    if (dmf_status != cudaSuccess) {                                            \
      static_cast<void>(cudaGetLastError()); /* so that it is not seen twice */ \
      ::dmf::cuda::throw_error(dmf_status, #call, __FILE__, __LINE__);          \
    }                                                                           \
  } while (false)
