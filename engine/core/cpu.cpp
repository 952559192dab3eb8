#include "engine/core/cpu.h"

// Nothing else is included: whatever ran before the check would have to do without the instructions
// that are to be checked, and inline functions of a header may be compiled to use them.

#if defined(__x86_64__) && (defined(__AVX2__) || defined(__AVX512F__))

#include <unistd.h>

namespace dmf {

#if defined(__AVX512F__)
#define DMF_INSTRUCTIONS "AVX-512 and FMA"
#else
#define DMF_INSTRUCTIONS "AVX2 and FMA"
#endif

std::string_view vector_instructions() {
  return DMF_INSTRUCTIONS;
}

namespace {

// Before the constructors of static objects, and compiled for the first x86-64 processors.
[[gnu::constructor(101), gnu::target("arch=x86-64"), gnu::used]] void check_processor() {
  __builtin_cpu_init();
  bool able = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#if defined(__AVX512F__)
  able = able && __builtin_cpu_supports("avx512f");
#endif
  if (able) return;
  constexpr char kMessage[] = "this program was built for processors with " DMF_INSTRUCTIONS
                              ", which this one lacks: build it on this machine (./dev build).\n";
  if (write(STDERR_FILENO, kMessage, sizeof kMessage - 1) < 0) _exit(2);
  _exit(1);
}

}  // namespace
}  // namespace dmf

#else

namespace dmf {

std::string_view vector_instructions() {
  return {};
}

}  // namespace dmf

#endif
