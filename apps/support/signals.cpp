#include "apps/support/signals.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>

namespace dmf {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU};

volatile std::sig_atomic_t noted = 0;
// What the handler says: set before it is installed, and no longer than this.
std::array<char, 128> said;
std::size_t said_length = 0;
std::array<struct sigaction, kSignals.size()> before;

extern "C" void note_signal(int signal) {
  if (noted != 0) return;  // SIGXCPU comes every second, a closing terminal's SIGHUP twice
  const int kept = errno;
  noted = signal;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, said.data(), said_length);
  errno = kept;
}

void set_acknowledgement(const std::string& text) {
  // On a terminal the progress bar, or the ^C, stands on the line.
  const std::string line = (::isatty(STDERR_FILENO) == 1 ? "\n" : "") + text + "\n";
  said_length = line.copy(said.data(), said.size());
}

}  // namespace

StopRequest::StopRequest(const char* acknowledgement) {
  noted = 0;
  set_acknowledgement(acknowledgement);
  for (std::size_t k = 0; k < kSignals.size(); ++k) {
    ::sigaction(kSignals[k], nullptr, &before[k]);
    if (before[k].sa_handler == SIG_IGN) continue;
    struct sigaction action = {};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(kSignals[k], &action, nullptr);
  }
}

StopRequest::~StopRequest() {
  for (std::size_t k = 0; k < kSignals.size(); ++k) {
    ::sigaction(kSignals[k], &before[k], nullptr);
  }
}

int StopRequest::signal() {
  return noted;
}

}  // namespace dmf
