#pragma once

#include <cuda_runtime.h>

namespace dmf::cuda {

/// The stream that all kernels and copies of this process run on, one after another.
cudaStream_t stream();

/// What the device in use is.
const cudaDeviceProp& properties();

/// Waits for all work that was given to the stream.
///
/// throws  DeviceError for whatever went wrong since the last call
void synchronize();

}  // namespace dmf::cuda
