#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/evaluation/panels.h"

namespace dmf {

/// An event file for TensorBoard. The time of an event is its step, so that the same run writes the
/// same bytes.
class EventLog {
 public:
  /// Begins a new file (bytes == 0), or goes on with one after its first `bytes` bytes; the rest is
  /// cut off.
  ///
  /// throws  as check_built()
  EventLog(const std::filesystem::path& path, std::uintmax_t bytes);
  /// throws  Error naming what to install where this program was built without protobuf
  static void check_built();
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Numbers by tag; those that are not finite are left out. Kept in memory until flush().
  void scalars(std::int64_t step, const std::vector<std::pair<std::string, double>>& values);
  void image(std::int64_t step, const std::string& tag, const Picture& picture);
  /// Returns once the events so far are on the disk.
  ///
  /// return  bytes of the file
  std::uintmax_t flush();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace dmf
