#include "engine/core/instruction_set.h"

#include <unistd.h>

#include <vector>

#include "engine/core/choice.h"

namespace dmf {
namespace {

#ifdef DMF_PORTABLE
constexpr InstructionSetFacts kBuilt[] = {
    {"x86-64-v2", InstructionSet::v2, "SSE4.2", 128},
    {"x86-64-v3", InstructionSet::v3, "AVX2 and FMA", 256},
    {"x86-64-v4", InstructionSet::v4, "AVX-512 and FMA", 512},
};
#elif defined(__AVX512F__)
constexpr InstructionSetFacts kBuilt[] = {
    {"native", InstructionSet::native, "AVX-512 and FMA", 512}};
#elif defined(__AVX2__)
constexpr InstructionSetFacts kBuilt[] = {{"native", InstructionSet::native, "AVX2 and FMA", 256}};
#elif defined(__x86_64__)
constexpr InstructionSetFacts kBuilt[] = {{"native", InstructionSet::native, "SSE", 128}};
#elif defined(__aarch64__)
constexpr InstructionSetFacts kBuilt[] = {{"native", InstructionSet::native, "NEON", 128}};
#else
constexpr InstructionSetFacts kBuilt[] = {
    {"native", InstructionSet::native, "the compiler's", 128}};
#endif

bool has([[maybe_unused]] InstructionSet set) {
#ifdef DMF_PORTABLE
  if (set == InstructionSet::v3 || set == InstructionSet::v4) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2")) {
      return false;
    }
  }
  if (set == InstructionSet::v4) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  }
#endif
  return true;
}

const std::vector<InstructionSetFacts>& usable() {
  static const std::vector<InstructionSetFacts> sets = [] {
    std::vector<InstructionSetFacts> found;
    for (const InstructionSetFacts& each : kBuilt) {
      if (has(each.value)) found.push_back(each);
    }
    return found;
  }();
  return sets;
}

const InstructionSetFacts*& in_use() {
  static const InstructionSetFacts* facts = &usable().back();
  return facts;
}

#if defined(__x86_64__) && defined(__SSE4_2__)

#if defined(__AVX512F__)
#define DMF_NEEDED "AVX-512 and FMA"
#elif defined(__AVX2__)
#define DMF_NEEDED "AVX2 and FMA"
#else
#define DMF_NEEDED "SSE4.2"
#endif

/// Before the constructors of static objects, and compiled for the first x86-64 processors: it may call
/// nothing that could be compiled for later ones.
[[gnu::constructor(101), gnu::target("arch=x86-64"), gnu::used]] void check_processor() {
  __builtin_cpu_init();
  bool able = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
#if defined(__AVX2__)
  able = able && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#if defined(__AVX512F__)
  able = able && __builtin_cpu_supports("avx512f");
#endif
  if (able) return;
  constexpr char kMessage[] = "this program was built for processors with " DMF_NEEDED
                              ", which this one lacks: build it on this machine (./dev build).\n";
  if (write(STDERR_FILENO, kMessage, sizeof kMessage - 1) < 0) _exit(2);
  _exit(1);
}

#endif

}  // namespace

std::span<const InstructionSetFacts> usable_instruction_sets() {
  return usable();
}

const InstructionSetFacts& instruction_set() {
  return *in_use();
}

void use_instruction_set(InstructionSet set) {
  for (const InstructionSetFacts& each : usable()) {
    if (each.value == set) {
      in_use() = &each;
      return;
    }
  }
  throw ValueError("[isa] this processor or this build has no such instruction set, expected " +
                   any_of_text(names_of(usable())) + ".");
}

}  // namespace dmf
