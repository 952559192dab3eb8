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

/// While one lives, the first of SIGINT, SIGTERM, SIGHUP (a terminal that closes), SIGUSR1 and
/// SIGXCPU (batch systems) is only noted, and acknowledged on standard error; a further SIGINT or
/// SIGTERM ends the program at once, as it would have without. A signal that whoever started the
/// program had ignored (nohup, a shell's `&`) stays ignored.
class StopRequest {
 public:
  /// acknowledgement  what is said at once, without a line's end: "stopping after this step"
  explicit StopRequest(const char* acknowledgement);
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;

  /// return  the signal noted, or 0
  static int signal();
};

}  // namespace dmf
