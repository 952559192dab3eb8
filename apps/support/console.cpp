#include "apps/support/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <sstream>

#include "apps/support/text.h"

namespace dmf {
namespace {

/// Lines stay as they are in a file, where they are searched.
std::string fitted(const std::string& line, int stream) {
  constexpr std::size_t kWidest = 80;
  return ::isatty(stream) == 1 ? fit_line(line, std::min(kWidest, screen_width())) : line;
}

struct Warnings {
  std::set<std::string> said;
  std::vector<std::string> about_work;
};
Warnings& warnings() {
  static Warnings all;
  return all;
}

}  // namespace

void say(const std::string& text) {
  errno = 0;
  const bool printed = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  if (printed) return;
  const std::string reason = std::strerror(errno);
  std::clearerr(stdout);
  static bool said = false;
  if (said) return;
  said = true;
  warn("warning: standard output cannot be written: " + reason + ". The work goes on.",
       WarningAbout::command);
}

void say_lines(const std::string& lines) {
  std::istringstream text(lines);
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("warning: ")) {
      warn(line);
    } else {
      say(fitted(line, STDOUT_FILENO) + "\n");
    }
  }
}

void warn(const std::string& line, WarningAbout about) {
  if (!warnings().said.insert(line).second) return;
  if (about == WarningAbout::work) warnings().about_work.push_back(line);
  std::fputs((fitted(line, STDERR_FILENO) + "\n").c_str(), stderr);
  std::fflush(stderr);
}

const std::vector<std::string>& warnings_given() {
  return warnings().about_work;
}

std::size_t screen_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace dmf
