#pragma once

/// Calls a kernel that is a function in the namespace of the device its tensors live on: those of
/// class_balance, label counts and pixel_terms. Others are values, backends.h.
#if DMF_WITH_CUDA
#define DMF_DISPATCH(device, kernel, ...)                                                \
  ((device).kind() == ::dmf::Device::Kind::cpu         ? ::dmf::cpu::kernel(__VA_ARGS__) \
   : (device).kind() == ::dmf::Device::Kind::reference ? ::dmf::ref::kernel(__VA_ARGS__) \
                                                       : ::dmf::cuda::kernel(__VA_ARGS__))
#else
#define DMF_DISPATCH(device, kernel, ...)                                              \
  ((device).kind() == ::dmf::Device::Kind::reference ? ::dmf::ref::kernel(__VA_ARGS__) \
                                                     : ::dmf::cpu::kernel(__VA_ARGS__))
#endif
