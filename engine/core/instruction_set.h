#pragma once

#include <span>
#include <string_view>

// A build for one machine (DMF_ARCH=native, or whatever -march= takes) compiles everything for that
// machine. A build for all of a kind (DMF_ARCH=portable) compiles the fast kernels, engine/kernels/*_cpu.cpp
// and what they stand on, once for each set below, everything else for the least of them, and chooses
// at its start. What two sets compute differs in the last bits; each for itself is reproducible.

namespace dmf {

enum class InstructionSet {
  native,  // whatever the build was made for
  v2,
  v3,
  v4,  // levels of x86-64, as its psABI defines them
};

/// Those that the fast kernels of this build are compiled for, the fastest last.
template <InstructionSet... sets>
struct InstructionSets {};
#ifdef DMF_PORTABLE
using BuiltInstructionSets =
    InstructionSets<InstructionSet::v2, InstructionSet::v3, InstructionSet::v4>;
#else
using BuiltInstructionSets = InstructionSets<InstructionSet::native>;
#endif

#ifndef DMF_INSTRUCTION_SET
#define DMF_INSTRUCTION_SET native
#endif
/// The set that this file is being compiled for: what a *_cpu.cpp defines its kernels as.
inline constexpr InstructionSet kCompiledFor = InstructionSet::DMF_INSTRUCTION_SET;

struct InstructionSetFacts {
  std::string_view name;  // as --isa takes it
  InstructionSet value;
  std::string_view help;  // what its vectors are made with
  int vector_bits;
};

/// What there is to choose from here: of the sets built in those that this processor has, the fastest
/// last. Never empty: a program whose least set the processor lacks says so in one line at its start,
/// before anything of ours runs, and exits with status 1, where it would have died of an illegal
/// instruction.
std::span<const InstructionSetFacts> usable_instruction_sets();

/// The set whose kernels compute: the fastest usable one, unless another was chosen.
const InstructionSetFacts& instruction_set();

/// Chooses it, for all that is computed from now on. Not while something is being computed.
///
/// throws  ValueError for a set that is not usable
void use_instruction_set(InstructionSet set);

}  // namespace dmf
