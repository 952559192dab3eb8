#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace dmf {

/// An open file. Every failure is an IoError with the path and the system's reason.
class FileDescriptor {
 public:
  /// flags  as open(2) takes them
  FileDescriptor(const std::filesystem::path& path, int flags);
  /// called  what errors name: of a temporary file, the one it is for
  FileDescriptor(const std::filesystem::path& path, int flags, std::filesystem::path called);
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int get() const { return descriptor_; }
  std::uintmax_t size() const;
  /// Reads until `count` bytes are there or the file ends, however few the system gives at a time.
  ///
  /// return  bytes read
  std::size_t read(char* into, std::size_t count) const;
  void write(std::string_view content) const;
  /// Cuts the file off after `size` bytes; writing goes on there.
  void truncate(std::uintmax_t size) const;
  /// Returns once what was written is on the disk.
  void flush() const;

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace dmf
