#pragma once

#include <string>

namespace dmf {

/// What becomes of standard output and error, by whatever function they are written, while this
/// object lives. One within another changes nothing.
class OutputStreams {
 public:
  /// shown    whether what goes to standard output is seen there; errors always are
  /// log      file to which all of it is added, shown or not, without lines that a progress bar draws
  ///          over; empty: none
  /// throws   IoError where it cannot be written
  OutputStreams(bool shown, const std::string& log);
  ~OutputStreams();
  OutputStreams(const OutputStreams&) = delete;
  OutputStreams& operator=(const OutputStreams&) = delete;

  /// Writes to the standard output that the process began with, shown or not.
  static void print_result(const std::string& text);

 private:
  bool is_owner_ = false;
};

}  // namespace dmf
