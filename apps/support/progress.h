#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

namespace dmf {

/// A line that redraws itself on a terminal; elsewhere only the lines that stay are printed.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Redraws at most ten times a second, as progress_line() has it.
  void update(double fraction, const std::string& left, const std::string& text);
  /// Prints a line that stays.
  void line(const std::string& text);
  /// Prints a warning or an error on standard error, as warn() does.
  void problem(const std::string& text);

  /// Takes the line away, before something else is printed.
  void clear();

 private:
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

/// "[#####.....]  48 % 3:07 left, epoch 2/4 ...": at most width - 1 columns, of which the bar is a
/// quarter. What is left to do comes first, so that it is seen on narrow terminals.
///
/// fraction  of the work done, in [0, 1]
/// left      time, or "" where that is not known yet
/// text      what is not printable ASCII is shown as '?'
std::string progress_line(double fraction, const std::string& left, const std::string& text,
                          std::size_t width);

/// Told how many pieces of a work are done: ("images read", 12, 780). From any thread.
using CountProgress =
    std::function<void(const std::string& what, std::size_t done, std::size_t total)>;

/// Shows on a terminal how far a work is and how long it will take at the pace so far, until all of
/// it is done.
class CountBar : public Progress {
 public:
  void operator()(const std::string& what, std::size_t done, std::size_t total);

 private:
  std::mutex mutex_;
  std::string what_;
  std::chrono::steady_clock::time_point start_;
};

/// "12 s", "3:07", "2:15:00"
std::string duration_text(double seconds);

}  // namespace dmf
