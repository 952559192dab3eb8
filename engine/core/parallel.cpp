#include "engine/core/parallel.h"

#include <atomic>
#include <thread>

#include "engine/core/check.h"

namespace dmf {
namespace {

int default_threads() {
#ifdef _OPENMP
  return std::max(1, omp_get_max_threads());  // honours OMP_NUM_THREADS and the process's affinity
#else
  return 1;
#endif
}

std::atomic<int>& thread_setting() {
  static std::atomic<int> threads{default_threads()};
  return threads;
}

}  // namespace

int num_threads() {
  return thread_setting().load(std::memory_order_relaxed);
}

void set_num_threads(int threads) {
  DMF_CHECK(threads >= 0 && threads <= 1024, ValueError,
            "[threads] got {}, expected 0 (every core) to 1024.", threads);
  if (!openmp_enabled()) threads = 1;
  thread_setting() = threads == 0 ? default_threads() : threads;
}

bool openmp_enabled() {
#ifdef _OPENMP
  return true;
#else
  return false;
#endif
}

}  // namespace dmf
