#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dmf {

/// Another program at work for this one, its output going to a file. It does not outlive us: when
/// this process ends, however it ends, the system kills it.
class ChildProcess {
 public:
  /// command  the program's path and its arguments
  /// log      standard output and error are appended to it
  /// throws   IoError when the log cannot be opened or the process not started
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& log);
  /// Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }

  /// return  none while it runs; then its exit status, 128 + N after signal N as shells have it
  std::optional<int> poll();
  void send(int signal) const;

 private:
  pid_t pid_;
};

}  // namespace dmf
