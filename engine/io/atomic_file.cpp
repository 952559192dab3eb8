#include "engine/io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "engine/core/check.h"

namespace dmf {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
  throw IoError(fmt::format("[file] cannot {} {}: {}.", what, path.string(), std::strerror(errno)));
}

class FileDescriptor {
 public:
  FileDescriptor(const std::filesystem::path& path, int flags)
      : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) fail(path, "open");
  }
  ~FileDescriptor() { ::close(descriptor_); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

void write_and_flush(const std::filesystem::path& path, std::string_view content) {
  const FileDescriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "write");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) fail(path, "write");
}

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path temporary = path;
  temporary += ".partial";
  try {
    write_and_flush(temporary, content);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail(path, "replace");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor directory(folder, O_RDONLY | O_DIRECTORY);
  ::fsync(directory.get());  // some file systems cannot; the rename itself has happened
}

std::string read_file(const std::filesystem::path& path, std::uintmax_t max_bytes) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);
  DMF_CHECK(regular, IoError, "[file] cannot read {}: {}.", path.string(),
            error ? error.message() : "not a file");
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  DMF_CHECK(!error, IoError, "[file] cannot read {}: {}.", path.string(), error.message());
  DMF_CHECK(size <= max_bytes, IoError,
            "[file] {} is too large: got {} bytes, expected at most {}.", path.string(), size,
            max_bytes);
  std::string content(size, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(content.data(), static_cast<std::streamsize>(size));
  DMF_CHECK(file.good() || size == 0, IoError,
            "[file] cannot read {}: it ended or failed after {} of {} bytes.", path.string(),
            file.gcount(), size);
  return content;
}

}  // namespace dmf
