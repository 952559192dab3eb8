#include "engine/io/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/core/check.h"
#include "engine/io/file_descriptor.h"

namespace dmf {
namespace {

void write_and_flush(const std::filesystem::path& path, std::string_view content) {
  const FileDescriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  file.write(content);
  file.flush();
}

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path temporary = path;
  temporary += ".partial";
  try {
    write_and_flush(temporary, content);
    DMF_CHECK(::rename(temporary.c_str(), path.c_str()) == 0, IoError,
              "[file] cannot replace {}: {}.", path.string(), std::strerror(errno));
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const FileDescriptor directory(folder, O_RDONLY | O_DIRECTORY);
  ::fsync(directory.get());  // some file systems cannot; the rename itself has happened
}

std::string read_file(const std::filesystem::path& path, std::uintmax_t max_bytes) {
  const FileDescriptor file(path, O_RDONLY | O_NONBLOCK);  // a pipe must not keep us waiting
  const std::uintmax_t size = file.size();
  DMF_CHECK(size <= max_bytes, IoError,
            "[file] {} is too large: got {} bytes, expected at most {}.", path.string(), size,
            max_bytes);
  std::string content(size, '\0');
  const std::size_t read = file.read(content.data(), content.size());
  DMF_CHECK(read == size, IoError, "[file] cannot read {}: it ended after {} of {} bytes.",
            path.string(), read, size);
  return content;
}

}  // namespace dmf
