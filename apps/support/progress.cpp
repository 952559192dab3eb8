#include "apps/support/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "apps/support/console.h"

namespace dmf {
namespace {

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

Progress::~Progress() {
  clear();
}

void Progress::update(double fraction, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  constexpr int kBar = 20;
  const int filled = static_cast<int>(std::lround(kBar * std::clamp(fraction, 0.0, 1.0)));
  std::string all = fmt::format(
      "[{}{}] {:3.0f} % {}", std::string(static_cast<std::size_t>(filled), '#'),
      std::string(static_cast<std::size_t>(kBar - filled), '.'), 100.0 * fraction, text);
  all.resize(std::min(all.size(), terminal_width() - 1));
  say(fmt::format("\r{}\x1b[K", all));  // to the line's start, then clear what the last text left
  drawn_ = true;
}

void Progress::line(const std::string& text) {
  clear();
  say(text + "\n");
}

void Progress::problem(const std::string& text) {
  clear();
  fmt::print(stderr, "{}\n", text);
}

void Progress::clear() {
  if (!drawn_) return;
  say("\r\x1b[K");
  drawn_ = false;
}

std::string duration_text(double seconds) {
  const auto s = static_cast<long>(std::lround(std::max(0.0, seconds)));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace dmf
