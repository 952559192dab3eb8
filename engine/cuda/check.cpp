#include "engine/cuda/check.h"

#include <string>
#include <string_view>

#include "engine/core/check.h"

namespace dmf::cuda {
namespace {

thread_local const char* last_kernel = nullptr;

}  // namespace

void note_launch(const char* kernel) {
  last_kernel = kernel;
}

void throw_error(cudaError_t status, const char* call, const char* file, int line) {
  std::string_view place = file;
  if (const auto at = place.rfind("engine/"); at != std::string_view::npos) place.remove_prefix(at);
  const std::string text = fmt::format(
      "[cuda] {}: {} at {}:{} ({}{})", cudaGetErrorName(status), cudaGetErrorString(status), place,
      line, call,
      last_kernel == nullptr ? std::string() : fmt::format("; last kernel {}", last_kernel));
  if (status == cudaErrorMemoryAllocation) throw OutOfMemory(text);
  throw DeviceError(text);
}

void check_count(const char* kernel, long long count) {
  DMF_CHECK(
      count < (1LL << 31), ShapeError,
      "[{}] {} pixels or elements in one tensor: the CUDA backend takes fewer than 2^31. Use a "
      "smaller batch or image.",
      kernel, count);
}

}  // namespace dmf::cuda
