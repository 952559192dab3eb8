#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace dmf {

/// Whether the system gives pseudo-terminals: a chroot or a container without /dev/pts does not.
inline bool has_terminals() {
  int terminal = -1, other = -1;
  if (::openpty(&terminal, &other, nullptr, nullptr, nullptr) != 0) return false;
  ::close(terminal);
  ::close(other);
  return true;
}

/// What a terminal shows of a program: the lines that stay, and every state of a line that was
/// drawn anew.
struct Screen {
  int code = -1;
  std::string bytes;  // as they came
  std::vector<std::string> lines, redrawn;
};

/// Runs a shell command on a terminal of so many columns.
inline Screen on_terminal(const std::string& command, unsigned short columns,
                          const std::string& kind = "xterm") {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = columns;
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    ::setenv("TERM", kind.c_str(), 1);
    ::unsetenv("COLUMNS");
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  Screen screen;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(terminal, buffer, sizeof buffer)) > 0;) {
    screen.bytes.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  screen.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::string line;
  for (std::size_t i = 0; i < screen.bytes.size(); ++i) {
    const bool ends = screen.bytes.compare(i, 2, "\r\n") == 0;
    if (ends) {
      screen.lines.push_back(line);
      line.clear();
      ++i;
    } else if (screen.bytes[i] == '\r') {
      if (!line.empty()) screen.redrawn.push_back(line);
      line.clear();
    } else if (screen.bytes.compare(i, 3, "\x1b[K") == 0) {
      i += 2;
    } else {
      line += screen.bytes[i];
    }
  }
  return screen;
}

}  // namespace dmf
