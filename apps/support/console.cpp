#include "apps/support/console.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace dmf {

void say(const std::string& text) {
  errno = 0;
  const bool printed = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  if (printed) return;
  const std::string reason = std::strerror(errno);
  std::clearerr(stdout);
  static bool said = false;
  if (said) return;
  said = true;
  warn("warning: standard output cannot be written: " + reason + ". The work goes on.");
}

void warn(const std::string& line) {
  std::fputs((line + "\n").c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace dmf
