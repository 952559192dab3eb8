#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/io/file_descriptor.h"

namespace dmf {

/// Makes the folder of a run.
///
/// throws  IoError when it exists and is not empty, unless overwrite, or cannot be made
void create_run_folder(const std::filesystem::path& folder, bool overwrite);

/// What the results of the run in this folder depend on: its split.csv, and its config.toml but for
/// where the data lie, how much of them is kept in memory and how often the run is saved.
std::string run_definition(const std::filesystem::path& folder);

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
