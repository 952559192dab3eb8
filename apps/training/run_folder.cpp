#include "apps/training/run_folder.h"

#include <cerrno>
#include <cstring>

#include "engine/core/check.h"

namespace dmf {

void create_run_folder(const std::filesystem::path& folder, bool overwrite) {
  std::error_code error;
  if (std::filesystem::exists(folder, error)) {
    DMF_CHECK(std::filesystem::is_directory(folder, error), IoError,
              "[run] {} is a file: expected a folder to write the run to.", folder.string());
    DMF_CHECK(overwrite || std::filesystem::is_empty(folder, error), IoError,
              "[run] {} is not empty: give another --out, or --overwrite.", folder.string());
  }
  std::filesystem::create_directories(folder, error);
  DMF_CHECK(!error, IoError, "[run] cannot make the folder {}: {}.", folder.string(),
            error.message());
}

CsvLog::CsvLog(std::filesystem::path path, const std::vector<std::string>& columns)
    : path_(std::move(path)), file_(std::fopen(path_.c_str(), "w")) {
  DMF_CHECK(file_ != nullptr, IoError, "[run] cannot write {}: {}.", path_.string(),
            std::strerror(errno));
  row(columns);
  flush();
}

void CsvLog::row(const std::vector<std::string>& cells) {
  const std::string line = fmt::format("{}\n", fmt::join(cells, ","));
  DMF_CHECK(std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size(), IoError,
            "[run] cannot write {}: {}.", path_.string(), std::strerror(errno));
}

void CsvLog::flush() {
  DMF_CHECK(std::fflush(file_.get()) == 0, IoError, "[run] cannot write {}: {}.", path_.string(),
            std::strerror(errno));
}

}  // namespace dmf
