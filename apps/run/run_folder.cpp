#include "apps/run/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "apps/files/csv.h"
#include "apps/files/folders.h"
#include "apps/support/call.h"
#include "apps/support/console.h"
#include "apps/support/signals.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {

std::string resume_command(const std::filesystem::path& folder) {
  return command_of("train") + " --resume " + shell_word(absolute_path(folder.string()));
}

void stop_scoring_if_asked(const std::filesystem::path& folder) {
  const int signal = StopRequest::signal();
  if (signal == 0) return;
  throw Interrupted(signal, fmt::format("scoring stopped; {} finishes it", resume_command(folder)));
}

void warn_of_missing(const std::filesystem::path& folder, const std::string& what,
                     const std::exception& problem) {
  const bool is_memory = dynamic_cast<const std::bad_alloc*>(&problem) != nullptr;
  warn(fmt::format("warning: {}: {} The scores are not touched by it; {} tries it again.", what,
                   is_memory ? "out of memory." : problem.what(), resume_command(folder)),
       WarningAbout::command);
}

RunLock::RunLock(const std::filesystem::path& folder)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  DMF_CHECK(descriptor_ >= 0, IoError, "[run] cannot open the folder {}: {}.", folder.string(),
            std::strerror(errno));
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const bool held = errno == EWOULDBLOCK;
  const std::string reason = std::strerror(errno);
  ::close(descriptor_);
  DMF_CHECK(!held, IoError, "[run] {} is in use by another process: wait for it, or stop it.",
            folder.string());
  throw IoError(fmt::format("[run] cannot lock the folder {}: {}.", folder.string(), reason));
}

RunLock::~RunLock() {
  ::close(descriptor_);
}

CsvLog::CsvLog(const std::filesystem::path& path, const std::vector<std::string>& columns,
               std::int64_t rows)
    : file_(path, O_RDWR | (rows == 0 ? O_CREAT : 0)) {
  const std::string header = csv_line(columns);
  if (rows == 0) {
    file_.truncate(0);
    pending_ = header;
    flush();
    return;
  }
  const std::string content = read_file(path, std::uintmax_t{1} << 32);
  DMF_CHECK(content.starts_with(header), IoError, "[run] {} has other columns than this run: {}.",
            path.string(), content.substr(0, content.find('\n')));
  std::size_t end = header.size();
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::size_t newline = content.find('\n', end);
    DMF_CHECK(newline != std::string::npos, IoError,
              "[run] {} has {} rows: the checkpoint was made after {}.", path.string(), i, rows);
    end = newline + 1;
  }
  file_.truncate(end);
}

void CsvLog::row(const std::vector<std::string>& cells) {
  pending_ += fmt::format("{}\n", fmt::join(cells, ","));
}

void CsvLog::flush() {
  file_.write(pending_);
  pending_.clear();
  file_.flush();
}

}  // namespace dmf
