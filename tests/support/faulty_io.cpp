// A library to put before the system's (LD_PRELOAD): it lets calls that reach the disk go wrong.
//
//   DMF_FAULT=short      every read gives at most 97 bytes
//   DMF_FAULT=read       reading a file whose path has DMF_FAULT_PATH in it fails with EIO
//   DMF_FAULT=none       nothing goes wrong: what is read of such a file is written to the file DMF_FAULT_LOG,
//                        a line "BYTES PATH" for each read
//   DMF_FAULT=write      writing such a file fails with ENOSPC, from the DMF_FAULT_AFTERth time on
//   DMF_FAULT=kill       the process is killed before the DMF_FAULT_AFTERth call that changes such
//   a
//                        path: opening for writing, write (half of it is done), truncation, fsync,
//                        rename, removal, making a folder; DMF_FAULT_SIGNAL: another than SIGKILL
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool fault_is(const char* kind) {
  const char* fault = std::getenv("DMF_FAULT");
  return fault != nullptr && std::strcmp(fault, kind) == 0;
}

bool has_target(const char* path) {
  const char* wanted = std::getenv("DMF_FAULT_PATH");
  return path != nullptr && wanted != nullptr && std::strstr(path, wanted) != nullptr;
}

/// Where an open file lies; empty where that cannot be told.
void path_of(int file, char (&path)[PATH_MAX]) {
  char link[64] = "/proc/self/fd/";
  char digits[16];
  int n = 0;
  for (int rest = file; n == 0 || rest > 0; rest /= 10)
    digits[n++] = static_cast<char>('0' + rest % 10);
  std::reverse_copy(digits, digits + n, link + std::strlen(link));
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
}

bool is_target(int file) {
  char path[PATH_MAX];
  path_of(file, path);
  return has_target(path);
}

/// A path given relative to a folder that is open.
bool is_target(int folder, const char* path) {
  return has_target(path) || (path[0] != '/' && folder != AT_FDCWD && is_target(folder));
}

int after() {
  const char* count = std::getenv("DMF_FAULT_AFTER");
  return count == nullptr ? 1 : std::atoi(count);
}

int signal_number() {
  const char* number = std::getenv("DMF_FAULT_SIGNAL");
  return number == nullptr ? SIGKILL : std::atoi(number);
}

/// Counts a call that changes a target; true at the one that was meant.
bool is_meant() {
  static int calls = 0;
  return ++calls == after();
}

void end_if_meant() {
  if (is_meant()) ::kill(::getpid(), signal_number());
}

/// A line in the log, in one piece: several threads may read.
void note_read(int file, ssize_t bytes) {
  char path[PATH_MAX], line[PATH_MAX + 32];
  path_of(file, path);
  const int size = std::snprintf(line, sizeof line, "%zd %s\n", bytes, path);
  const int log = ::open(std::getenv("DMF_FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (log < 0) return;
  if (::write(log, line, static_cast<std::size_t>(size)) < 0) std::abort();
  ::close(log);
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

int open_file(const char* name, int folder, const char* path, int flags, mode_t mode) {
  if (fault_is("kill") && (flags & (O_CREAT | O_TRUNC)) != 0 && is_target(folder, path)) {
    end_if_meant();
  }
  if (std::strncmp(name, "openat", 6) == 0) {
    return next<int (*)(int, const char*, int, ...)>(name)(folder, path, flags, mode);
  }
  return next<int (*)(const char*, int, ...)>(name)(path, flags, mode);
}

}  // namespace

#define DMF_MODE(flags)                         \
  mode_t mode = 0;                              \
  if (((flags) & (O_CREAT | O_TMPFILE)) != 0) { \
    va_list rest;                               \
    va_start(rest, flags);                      \
    mode = va_arg(rest, mode_t);                \
    va_end(rest);                               \
  }

extern "C" {

int open(const char* path, int flags, ...) {
  DMF_MODE(flags)
  return open_file("open", AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  DMF_MODE(flags)
  return open_file("open64", AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  DMF_MODE(flags)
  return open_file("openat", folder, path, flags, mode);
}

int openat64(int folder, const char* path, int flags, ...) {
  DMF_MODE(flags)
  return open_file("openat64", folder, path, flags, mode);
}

ssize_t read(int file, void* into, std::size_t count) {
  static const auto real = next<ssize_t (*)(int, void*, std::size_t)>("read");
  if (fault_is("none") && is_target(file)) {
    const ssize_t got = real(file, into, count);
    note_read(file, got);
    return got;
  }
  if (fault_is("short")) return real(file, into, std::min<std::size_t>(count, 97));
  if (fault_is("read") && is_target(file)) {
    errno = EIO;
    return -1;
  }
  return real(file, into, count);
}

ssize_t write(int file, const void* from, std::size_t count) {
  static const auto real = next<ssize_t (*)(int, const void*, std::size_t)>("write");
  static int writes = 0;
  if (fault_is("write") && is_target(file)) {
    if (++writes >= after()) {
      errno = ENOSPC;
      return -1;
    }
  }
  if (fault_is("kill") && is_target(file) && is_meant()) {
    if (signal_number() == SIGKILL) real(file, from, count / 2);
    ::kill(::getpid(), signal_number());
  }
  return real(file, from, count);
}

int ftruncate(int file, off_t size) noexcept {
  if (fault_is("kill") && is_target(file)) end_if_meant();
  return next<int (*)(int, off_t)>("ftruncate")(file, size);
}

int fsync(int file) {
  if (fault_is("kill") && is_target(file)) end_if_meant();
  return next<int (*)(int)>("fsync")(file);
}

int rename(const char* from, const char* to) noexcept {
  if (fault_is("kill") && has_target(to)) end_if_meant();
  return next<int (*)(const char*, const char*)>("rename")(from, to);
}

int unlink(const char* path) noexcept {
  if (fault_is("kill") && has_target(path)) end_if_meant();
  return next<int (*)(const char*)>("unlink")(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  if (fault_is("kill") && is_target(folder, path)) end_if_meant();
  return next<int (*)(int, const char*, int)>("unlinkat")(folder, path, flags);
}

int remove(const char* path) noexcept {
  if (fault_is("kill") && has_target(path)) end_if_meant();
  return next<int (*)(const char*)>("remove")(path);
}

int rmdir(const char* path) noexcept {
  if (fault_is("kill") && has_target(path)) end_if_meant();
  return next<int (*)(const char*)>("rmdir")(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (fault_is("kill") && has_target(path)) end_if_meant();
  return next<int (*)(const char*, mode_t)>("mkdir")(path, mode);
}

}  // extern "C"
