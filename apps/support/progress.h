#pragma once

#include <chrono>
#include <string>

namespace dmf {

/// A line that redraws itself on a terminal; elsewhere only the lines that stay are printed.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Redraws at most ten times a second; text beyond the terminal's width is cut.
  ///
  /// fraction  of the work done, in [0, 1]
  void update(double fraction, const std::string& text);
  /// Prints a line that stays.
  void line(const std::string& text);
  /// The same on standard error.
  void problem(const std::string& text);

  /// Takes the line away, before something else is printed.
  void clear();

 private:
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

/// "12 s", "3:07", "2:15:00"
std::string duration_text(double seconds);

}  // namespace dmf
