#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/io/file_descriptor.h"

namespace dmf {

/// The command that goes on with a run, as it can be pasted into any shell anywhere.
std::string resume_command(const std::filesystem::path& folder);

/// throws  Interrupted where a StopRequest is noted, with the command that finishes the run's scoring
void stop_scoring_if_asked(const std::filesystem::path& folder);

/// Warns of what a run is complete without, a page or a panel; the same trouble once.
///
/// what  "no page"
void warn_of_missing(const std::filesystem::path& folder, const std::string& what,
                     const std::exception& problem);

/// Holds a run folder for this process while one lives. The system lets go when the process ends,
/// however it ends.
class RunLock {
 public:
  /// throws  IoError when another process holds it
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int descriptor_;
};

/// A CSV file that grows row by row.
class CsvLog {
 public:
  /// Begins a new file, or goes on with one: after its first `rows` rows, the rest is cut off.
  ///
  /// throws  IoError when it cannot be written, or has other columns or fewer rows
  CsvLog(const std::filesystem::path& path, const std::vector<std::string>& columns,
         std::int64_t rows);
  /// Kept in memory until flush().
  void row(const std::vector<std::string>& cells);
  /// Returns once the rows so far are on the disk.
  ///
  /// throws  IoError when they could not be written
  void flush();

 private:
  FileDescriptor file_;
  std::string pending_;
};

}  // namespace dmf
