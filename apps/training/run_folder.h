#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace dmf {

/// Makes the folder of a run.
///
/// throws  IoError when it exists and is not empty, unless overwrite, or cannot be made
void create_run_folder(const std::filesystem::path& folder, bool overwrite);

/// A CSV file that grows row by row. Rows are in the file once flush() returns.
class CsvLog {
 public:
  CsvLog(std::filesystem::path path, const std::vector<std::string>& columns);
  void row(const std::vector<std::string>& cells);
  /// throws  IoError when the rows so far could not be written
  void flush();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace dmf
