#include "apps/support/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include "engine/core/check.h"

namespace dmf {
namespace {

/// Our environment, but for what tells a program that a launcher (mpirun, srun) started it as one of
/// several: that is us, and the child would look for the others.
std::vector<char*> environment_of_one() {
  std::vector<char*> kept;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    const bool tells = variable.starts_with("OMPI_COMM_WORLD_") || variable.starts_with("PMIX_") ||
                       variable.starts_with("PMI_") ||
                       variable.starts_with("SLURM_STEP_NUM_TASKS=");
    if (!tells) kept.push_back(*each);
  }
  kept.push_back(nullptr);
  return kept;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::filesystem::path& log)
    : pid_(-1) {
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  DMF_CHECK(out >= 0, IoError, "[process] cannot write {}: {}.", log.string(),
            std::strerror(errno));
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  const std::vector<char*> environment = environment_of_one();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    // Between fork and exec only calls that are safe in a signal handler.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);  // a terminal's Ctrl-C is for us alone: we say what becomes of the child
    if (::getppid() != parent) ::_exit(127);  // it ended before the line above
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execve(arguments[0], arguments.data(), environment.data());
    ::_exit(127);
  }
  const int error = errno;
  ::close(out);
  DMF_CHECK(pid_ > 0, IoError, "[process] cannot start {}: {}.", command.front(),
            std::strerror(error));
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::optional<int> ChildProcess::poll() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void ChildProcess::send(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

}  // namespace dmf
