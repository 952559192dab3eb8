#pragma once

/// Calls a kernel in the namespace of the device its tensors live on. A build has the CPU backend
/// alone for now, and Device::cuda() throws, so every tensor there is lives on the CPU.
#define DMF_DISPATCH(device, kernel, ...) \
  (static_cast<void>(device), ::dmf::cpu::kernel(__VA_ARGS__))
