#pragma once

#include <stdexcept>
#include <string>

namespace dmf {

/// A program that was asked to stop and did, in good order. run_program turns it into the exit
/// status 128 + signal, as shells expect.
class Interrupted : public std::runtime_error {
 public:
  /// what  how to go on
  Interrupted(int signal, const std::string& what) : std::runtime_error(what), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

/// While one lives, the first SIGINT or SIGTERM is only noted; the second ends the program at once,
/// as it would have without.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// return  the signal noted, or 0
  static int signal();
};

}  // namespace dmf
