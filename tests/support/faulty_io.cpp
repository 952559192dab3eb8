// A library to put before the system's (LD_PRELOAD): it lets calls of read and write go wrong.
//
//   DMF_FAULT=short      every read gives at most 97 bytes
//   DMF_FAULT=read       reading a file whose path has DMF_FAULT_PATH in it fails with EIO
//   DMF_FAULT=write      writing such a file fails with ENOSPC, from the DMF_FAULT_AFTERth time on
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace {

bool fault_is(const char* kind) {
  const char* fault = std::getenv("DMF_FAULT");
  return fault != nullptr && std::strcmp(fault, kind) == 0;
}

bool is_target(int file) {
  char link[64] = "/proc/self/fd/", path[PATH_MAX] = "";
  char digits[16];
  int n = 0;
  for (int rest = file; n == 0 || rest > 0; rest /= 10)
    digits[n++] = static_cast<char>('0' + rest % 10);
  std::reverse_copy(digits, digits + n, link + std::strlen(link));
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  const char* wanted = std::getenv("DMF_FAULT_PATH");
  return length > 0 && wanted != nullptr && std::strstr(path, wanted) != nullptr;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t read(int file, void* into, std::size_t count) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t)>("read");
  if (fault_is("short")) return real(file, into, std::min<std::size_t>(count, 97));
  if (fault_is("read") && is_target(file)) {
    errno = EIO;
    return -1;
  }
  return real(file, into, count);
}

extern "C" ssize_t write(int file, const void* from, std::size_t count) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  static int writes = 0;
  if (fault_is("write") && is_target(file)) {
    const char* after = std::getenv("DMF_FAULT_AFTER");
    if (++writes >= (after == nullptr ? 1 : std::atoi(after))) {
      errno = ENOSPC;
      return -1;
    }
  }
  return real(file, from, count);
}
