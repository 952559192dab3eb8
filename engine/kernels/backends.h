#pragma once

#include "engine/core/device.h"
#include "engine/core/instruction_set.h"

namespace dmf {

/// The fast kernels in use: those of the instruction set chosen, of the ones built in.
template <class Kernels, InstructionSet... built>
const Kernels& cpu_kernels(InstructionSets<built...>) {
  const InstructionSet used = instruction_set().value;
  const Kernels* found = nullptr;
  ((used == built ? void(found = &Kernels::template cpu<built>()) : void()), ...);
  return *found;
}

/// The kernels for tensors of a device.
///
/// Each folder beside this file holds one family of kernels: an interface, such as
/// Pool2dKernels<float>, whose member functions say what is computed; its implementations, one a
/// file: plain (*_ref.cpp, the definition), fast on the CPU (*_cpu.cpp, maybe compiled for several
/// instruction sets) and on CUDA devices (*_cuda.cu); and one object of each, which the interface's
/// static functions return. An implementation that lacks a kernel is an abstract class and does not
/// compile.
///
/// Arguments are validated by the op that calls. Views of one call lie on the kernels' device.
template <class Kernels>
const Kernels& kernels(Device device) {
  if (device.kind() == Device::Kind::reference) return Kernels::reference();
#if DMF_WITH_CUDA  // without it no tensor can live on such a device
  if (device.kind() == Device::Kind::cuda) return Kernels::cuda();
#endif
  return cpu_kernels<Kernels>(BuiltInstructionSets{});
}

}  // namespace dmf
