#include "apps/support/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "apps/support/console.h"

namespace dmf {
namespace {

/// Whether a line can be drawn anew there.
bool can_redraw() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "" &&
         std::string_view(kind) != "dumb";
}

}  // namespace

Progress::Progress() : terminal_(can_redraw()) {}

Progress::~Progress() {
  clear();
}

void Progress::update(double fraction, const std::string& left, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  // To the line's start, then clear what the last text left.
  say(fmt::format("\r{}\x1b[K", progress_line(fraction, left, text, screen_width())));
  drawn_ = true;
}

void Progress::line(const std::string& text) {
  clear();
  say_lines(text);
}

void Progress::problem(const std::string& text) {
  clear();
  warn(text);
}

void Progress::clear() {
  if (!drawn_) return;
  say("\r\x1b[K");
  drawn_ = false;
}

std::string progress_line(double fraction, const std::string& left, const std::string& text,
                          std::size_t width) {
  const double share = std::clamp(fraction, 0.0, 1.0);
  const std::size_t bar = std::min<std::size_t>(20, width / 4);
  const auto filled = static_cast<std::size_t>(std::lround(static_cast<double>(bar) * share));
  std::string all = fmt::format(
      "[{}{}] {:3.0f} %{}{}{}", std::string(filled, '#'), std::string(bar - filled, '.'),
      100.0 * share, left.empty() ? "" : " " + left + " left", text.empty() ? "" : ", ", text);
  all.resize(std::min(all.size(), std::max<std::size_t>(width, 1) - 1));
  for (char& c : all) {
    if (c < ' ' || c > '~') c = '?';
  }
  return all;
}

void CountBar::operator()(const std::string& what, std::size_t done, std::size_t total) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (what != what_) {
    what_ = what;
    start_ = now;
  }
  const double share =
      static_cast<double>(done) / static_cast<double>(std::max<std::size_t>(total, 1));
  const double spent = std::chrono::duration<double>(now - start_).count();
  if (done == total) {
    clear();
    return;
  }
  update(share, done == 0 ? "" : duration_text(spent * (1.0 - share) / share),
         fmt::format("{} of {} {}", done, total, what));
}

std::string duration_text(double seconds) {
  const auto s = static_cast<long>(std::lround(std::max(0.0, seconds)));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

}  // namespace dmf
