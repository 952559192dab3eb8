#include "engine/io/file_descriptor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/core/check.h"

namespace dmf {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw IoError(fmt::format("[file] cannot {} {}: {}.", what, path.string(), std::strerror(errno)));
}

}  // namespace

FileDescriptor::FileDescriptor(const std::filesystem::path& path, int flags)
    : FileDescriptor(path, flags, path) {}

FileDescriptor::FileDescriptor(const std::filesystem::path& path, int flags,
                               std::filesystem::path called)
    : path_(std::move(called)), descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail(path_, (flags & O_ACCMODE) == O_RDONLY ? "read" : "write");
}

FileDescriptor::~FileDescriptor() {
  ::close(descriptor_);
}

std::uintmax_t FileDescriptor::size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail(path_, "read");
  DMF_CHECK(S_ISREG(status.st_mode), IoError, "[file] cannot read {}: not a file.", path_.string());
  return static_cast<std::uintmax_t>(status.st_size);
}

std::size_t FileDescriptor::read(char* into, std::size_t count) const {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t n = ::read(descriptor_, into + done, count - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

void FileDescriptor::write(std::string_view content) const {
  while (!content.empty()) {
    const ssize_t n = ::write(descriptor_, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "write");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
}

void FileDescriptor::truncate(std::uintmax_t size) const {
  const auto end = static_cast<off_t>(size);
  if (::ftruncate(descriptor_, end) != 0 || ::lseek(descriptor_, end, SEEK_SET) != end) {
    fail(path_, "write");
  }
}

void FileDescriptor::flush() const {
  if (::fsync(descriptor_) != 0) fail(path_, "write");
}

}  // namespace dmf
