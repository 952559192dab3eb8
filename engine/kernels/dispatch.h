#pragma once

/// Calls a kernel in the namespace of the device its tensors live on. Of the engine this is the only
/// place that asks whether there is a CUDA backend: without one, no tensor can live on a CUDA device.
#if DMF_WITH_CUDA
#define DMF_DISPATCH(device, kernel, ...) \
  ((device).is_cpu() ? ::dmf::cpu::kernel(__VA_ARGS__) : ::dmf::cuda::kernel(__VA_ARGS__))
#else
#define DMF_DISPATCH(device, kernel, ...) \
  (static_cast<void>(device), ::dmf::cpu::kernel(__VA_ARGS__))
#endif
