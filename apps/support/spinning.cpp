#include "apps/support/spinning.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace dmf {

void bound_spinning([[maybe_unused]] char** argv) {
#if defined(_OPENMP) && !defined(__clang__)  // LLVM's runtime gives way by itself
  // Unbounded, a thread spins 300,000 times, some 3 to 15 ms: as long as the system lets another
  // process run. Where somebody else computes too, a thread whose partner has no core holds its own
  // for nothing, at each of the hundreds of barriers of a step. Spinning pays where it is shorter
  // than to sleep and be woken (some 50 microseconds); between two loops of a step there are mostly
  // a few microseconds. 5000 times are some 0.1 ms (0.07 to 0.2): the gaps of a step are covered
  // twice over, and a wait for somebody else's slice costs a thirtieth of it.
  constexpr const char* kSpins = "5000";
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  std::error_code error;
  // By its own name, which is then what `ps` shows, rather than as "exe".
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (self.filename().string().starts_with("ld-"))
    return;  // an argument of ld.so, which would be started
  if (error || ::setenv("GOMP_SPINCOUNT", kSpins, 0) != 0) return;
  ::execv(self.c_str(), argv);  // returns only where it fails: then as it is
#endif
}

}  // namespace dmf
